#include "caf_pool/redis/lane_call.hpp"

#include "caf_pool/backend/redis/redis_losses.hpp"
#include "caf_pool/lease/pool_meters.hpp"

#include <string>
#include <utility>
#include <variant>

namespace caf_pool {

namespace {

std::uint64_t size_of(const redis_value& x) {
  if (auto* text = std::get_if<std::string>(&x.value))
    return text->size();
  auto result = std::uint64_t{sizeof(x)};
  if (auto* all = x.array())
    for (auto& y : all->items)
      result += size_of(y);
  return result;
}

redis_exchange ended(redis_end how) {
  auto result = redis_exchange{};
  result.end = how;
  return result;
}

error never_sent() {
  return {errc::acquire_timeout,
          "the shared connection took no command in time; nothing was sent",
          {}};
}

} // namespace

void lane_call::add(result<redis_value> reply, std::uint64_t max_bytes) {
  if (commands.size() > 1 && reply)
    bytes += size_of(*reply);
  if (bytes > max_bytes)
    replies.emplace_back(
      redis_loss(std::string{}, true, ended(redis_end::too_large), {}));
  else
    replies.push_back(std::move(reply));
}

error lane_call::missing(std::size_t number) const {
  auto is_sent = number < sent;
  if (!is_sent && refused)
    return *refused;
  return redis_loss(commands[number], is_sent, ended(redis_end::late),
                    clock::now() - sent_at);
}

result<outcome> lane_call::finish() {
  if (sent == 0)
    return refused ? *refused : never_sent();
  auto failed = false;
  for (auto i = replies.size(); i < commands.size(); ++i)
    replies.emplace_back(missing(i));
  for (auto& reply : replies)
    failed = failed || !reply;
  meters->execute_time.record(clock::now() - sent_at);
  meters->executed.fetch_add(1, std::memory_order_relaxed);
  // One command is one call, and its error that of the call.
  if (replies.size() == 1 && failed) {
    meters->execute_errors.fetch_add(1, std::memory_order_relaxed);
    return replies.front().error();
  }
  auto result = redis_replies{};
  result.items = std::move(replies);
  return outcome{std::move(result)};
}

} // namespace caf_pool
