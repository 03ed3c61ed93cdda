#include "caf_pool/backend/redis/redis_blocker.hpp"

#include "caf_pool/backend/redis/redis_blocking.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

namespace caf_pool {

namespace {

/// What a server may take longer than its own limit.
constexpr duration tolerance = std::chrono::milliseconds{100};

/// A server that was asked before it got the command is asked again.
constexpr duration ask_again = std::chrono::milliseconds{5};

} // namespace

redis_blocker::redis_blocker(std::shared_ptr<redis_unblocker> unblocker,
                             std::int64_t client, duration round_trip)
  : unblocker_(std::move(unblocker)), client_(client), round_trip_(round_trip) {
  // nop
}

redis_exchange redis_blocker::wait(redis_channel& channel,
                                   const redis_command& command,
                                   time_point deadline) try {
  auto mine = std::make_shared<bell>();
  {
    std::lock_guard guard{mtx_};
    bell_ = mine;
  }
  auto until = deadline;
  if (auto own = redis_waiting_time(command); own && *own > duration::zero())
    until = std::min(
      until, add_saturated(clock::now(), *own + tolerance + round_trip_));
  auto end = never;
  problem_.clear();
  auto got
    = channel.exchange(command, until, *mine, [&] { return ask_server(end); });
  if (got.end == redis_end::late)
    got.reason = std::move(problem_);
  std::lock_guard guard{mtx_};
  bell_ = nullptr;
  return got;
} catch (const std::system_error& x) {
  auto got = redis_exchange{};
  got.end = redis_end::lost;
  got.reason = no_descriptor_left(x).message;
  return got;
}

std::optional<time_point> redis_blocker::ask_server(time_point& end) {
  auto now = clock::now();
  if (end == never)
    end = now + grace;
  if (now >= end)
    return std::nullopt;
  auto blocked = unblocker_->unblock(client_, end);
  if (!blocked) {
    problem_ = "the wait could not be ended (CLIENT UNBLOCK): "
               + blocked.error().message;
    return std::nullopt;
  }
  return *blocked ? end : std::min(end, clock::now() + ask_again);
}

void redis_blocker::stop() noexcept {
  std::shared_ptr<bell> now;
  {
    std::lock_guard guard{mtx_};
    now = bell_;
  }
  if (now != nullptr)
    now->ring();
}

} // namespace caf_pool
