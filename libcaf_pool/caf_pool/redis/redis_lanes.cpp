#include "caf_pool/redis/redis_lanes.hpp"

#include "caf_pool/backend/redis/redis_command_table.hpp"
#include "caf_pool/backend/redis/redis_options.hpp"
#include "caf_pool/front/holder.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

namespace {

/// Requests beyond that keep others waiting.
constexpr std::size_t largest_request = std::size_t{64} << 10;

bool leaves_nothing(const redis_command& x) {
  auto* facts = find_redis_command(x);
  return facts != nullptr && facts->kind == redis_command_kind::plain
         && !facts->administrative && !blocks(x, facts);
}

/// A lane has neither turns nor leases of a kind.
bool is_usual(const acquire_options& how) {
  return how.priority == 0 && how.tenant == 0 && !how.read_only
         && how.expected == duration::zero();
}

void shorten(std::optional<duration>& limit, duration took) {
  if (limit)
    limit = std::max(*limit - took, duration::zero());
}

} // namespace

std::shared_ptr<redis_lanes> redis_lanes::of(const pool_config& config) {
  auto problems = std::vector<config_problem>{};
  auto options = redis_options::from(config, problems);
  if (!problems.empty() || options.shared_connections == 0)
    return nullptr;
  auto limits = lane_limits{};
  limits.in_flight = options.max_in_flight;
  limits.waiting = config.waiter_limit();
  limits.result_bytes = config.max_result_bytes;
  limits.execute_timeout = config.execute_timeout;
  limits.acquire_timeout = config.acquire_timeout;
  return std::make_shared<redis_lanes>(options, config.max_size, limits);
}

redis_lanes::redis_lanes(const redis_options& options, std::uint32_t few,
                         const lane_limits& limits)
  : few_(few), repeats_(options.retry_on_timeout), limits_(limits) {
  for (std::uint32_t i = 0; i < options.shared_connections; ++i)
    lanes_.push_back(std::make_unique<redis_lane>(limits));
}

bool redis_lanes::takes(const redis_commands& what,
                        const acquire_options& how) const {
  if (what.as != redis_commands::form::pipeline || what.items.empty()
      || !is_usual(how) || (how.limit && *how.limit > limits_.execute_timeout))
    return false;
  auto size = std::size_t{0};
  for (auto& x : what.items)
    size += x.bulks().size();
  return size <= largest_request
         && std::all_of(what.items.begin(), what.items.end(), leaves_nothing);
}

// A thread keeps its lane: who is alone there finds nobody else's commands.
redis_lane& redis_lanes::choose() noexcept {
  return *lanes_[thread_number() % lanes_.size()];
}

std::optional<result<outcome>> redis_lanes::run(any_pool& pool,
                                                const redis_commands& what,
                                                acquire_options& how) {
  if (!takes(what, how))
    return std::nullopt;
  auto began = clock::now();
  auto mine = lane_call{};
  mine.commands = what.items;
  auto asked = how.starting(began);
  mine.end = asked.deadline;
  mine.wait_until = end_of_wait(asked, limits_.acquire_timeout, began);
  auto served = choose().run(pool, mine);
  auto took = clock::now() - began;
  shorten(how.wait, took);
  shorten(how.limit, took);
  if (served)
    return mine.finish();
  return std::nullopt;
}

bool redis_lanes::may_repeat(const result<outcome>& done,
                             const acquire_options& how) const {
  auto in_time = !how.limit || *how.limit > duration::zero();
  return repeats_ && !done && in_time
         && done.error().code == errc::connection_lost;
}

void redis_lanes::end() noexcept {
  ending_ = true;
  for (auto n = callers_.load(); n != 0; n = callers_.load())
    callers_.wait(n);
}

} // namespace caf_pool
