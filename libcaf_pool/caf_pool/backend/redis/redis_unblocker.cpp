#include "caf_pool/backend/redis/redis_unblocker.hpp"

#include "caf_pool/backend/redis/redis_losses.hpp"
#include "caf_pool/backend/redis/redis_reply_class.hpp"

#include <stop_token>
#include <system_error>
#include <utility>
#include <variant>

namespace caf_pool {

redis_unblocker::redis_unblocker(redis_target where)
  : where_(std::move(where)) {
  // nop
}

redis_unblocker::~redis_unblocker() = default;

result<void> redis_unblocker::connect(time_point deadline) try {
  // The server may have closed it since the last call.
  if (session_.channel != nullptr
      && session_.channel->catch_up() == redis_end::answered)
    return {};
  session_ = {};
  auto opened
    = redis_log_in(*where_.options, where_.tls, std::stop_token{}, deadline);
  if (!opened)
    return opened.error();
  session_ = *std::move(opened);
  return {};
} catch (const std::system_error& x) {
  return no_descriptor_left(x);
}

result<bool> redis_unblocker::unblock(std::int64_t client,
                                      time_point deadline) {
  if (client == 0)
    return error{errc::not_supported,
                 "the server does not tell the numbers of its connections",
                 {}};
  auto guard = std::unique_lock{mtx_, std::defer_lock};
  if (!guard.try_lock_until(deadline))
    return error{errc::execute_timeout, "others unblock at this moment", {}};
  if (auto ok = connect(deadline); !ok)
    return ok.error();
  auto command = redis_command{"CLIENT", "UNBLOCK", client};
  auto began = clock::now();
  auto got = session_.channel->exchange({&command, 1}, deadline);
  if (got.end != redis_end::answered) {
    session_ = {};
    return redis_loss(command, true, got, clock::now() - began);
  }
  auto& reply = got.replies.front().value;
  if (auto* why = std::get_if<redis_failure>(&reply))
    return redis_error(why->text);
  auto* count = std::get_if<std::int64_t>(&reply);
  return count != nullptr && *count == 1;
}

} // namespace caf_pool
