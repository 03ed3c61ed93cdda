#include "caf_pool/machine/policy/lifetime.hpp"

#include "caf_pool/machine/policy/growth.hpp"

#include <algorithm>

namespace caf_pool {

namespace {

bool is_on(duration x) noexcept {
  return x > duration::zero();
}

time_point proven_at(const connection_age& age) noexcept {
  return std::max(age.opened_at, age.last_proven);
}

time_point end_of_life(const connection_age& age) noexcept {
  return is_on(age.lifetime) ? add_saturated(age.opened_at, age.lifetime)
                             : never;
}

time_point end_of_idleness(const connection_age& age, const pool_config& config,
                           bool is_overflow) noexcept {
  auto limit
    = is_on(config.max_idle_time) ? config.max_idle_time : duration::max();
  if (is_overflow && is_on(config.overflow_idle_time))
    limit = std::min(limit, config.overflow_idle_time);
  if (limit == duration::max())
    return never;
  return add_saturated(std::max(age.opened_at, age.last_used), limit);
}

time_point next_probe(const connection_age& age,
                      const pool_config& config) noexcept {
  return is_on(config.health_check_interval)
           ? add_saturated(proven_at(age), config.health_check_interval)
           : never;
}

} // namespace

duration draw_lifetime(const pool_config& config,
                       random_source& random) noexcept {
  auto most = config.max_lifetime;
  if (!is_on(most))
    return duration::zero();
  auto spread
    = percent_of(most, std::min(config.lifetime_jitter_percent, 100u));
  auto result = most - random.between(duration::zero(), spread);
  // Zero would mean "unlimited".
  return std::max(result, duration{1});
}

treatment judge_for_hand_out(const connection_age& age,
                             const pool_config& config,
                             std::uint64_t current_generation,
                             time_point suspect_before,
                             time_point now) noexcept {
  auto result = judge_release(age, current_generation, now);
  if (result != treatment::keep)
    return result;
  if (proven_at(age) < suspect_before)
    return treatment::probe;
  if (!config.validate_on_acquire)
    return treatment::keep;
  return now - proven_at(age) <= config.validation_bypass ? treatment::keep
                                                          : treatment::probe;
}

treatment judge_release(const connection_age& age,
                        std::uint64_t current_generation,
                        time_point now) noexcept {
  if (age.generation != current_generation)
    return treatment::retire_generation;
  return now >= end_of_life(age) ? treatment::retire_age : treatment::keep;
}

treatment judge_idle(const connection_age& age, const pool_config& config,
                     std::uint64_t current_generation, bool is_overflow,
                     time_point now) noexcept {
  auto result = judge_release(age, current_generation, now);
  if (result != treatment::keep)
    return result;
  if (now >= end_of_idleness(age, config, is_overflow))
    return treatment::retire_idle;
  return now >= next_probe(age, config) ? treatment::probe : treatment::keep;
}

bool is_freeze(time_point planned, time_point now,
               duration tolerance) noexcept {
  return now > add_saturated(planned, tolerance);
}

} // namespace caf_pool
