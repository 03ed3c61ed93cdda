#include "caf_pool/machine/policy/backoff.hpp"

#include "caf_pool/machine/policy/growth.hpp"

#include <algorithm>
#include <limits>

namespace caf_pool {

namespace {

void count_up(std::uint32_t& x) noexcept {
  if (x < std::numeric_limits<std::uint32_t>::max())
    ++x;
}

} // namespace

backoff::backoff(const backoff_config& config, random_source random)
  : config_(config), random_(random) {
  // nop
}

time_point backoff::failed(time_point now) {
  auto most = grown(config_.start, config_.factor, memory_.steps, config_.cap);
  auto delay = config_.jitter ? random_.between(config_.floor, most)
                              : std::max(config_.floor, most);
  count_up(memory_.failures);
  count_up(memory_.steps);
  memory_.next_attempt = add_saturated(now, delay);
  return memory_.next_attempt;
}

void backoff::failed_early() noexcept {
  count_up(memory_.failures);
}

void backoff::succeeded() noexcept {
  memory_ = memory{};
}

void backoff::hurry(time_point now) noexcept {
  memory_.steps = 0;
  memory_.next_attempt = std::min(memory_.next_attempt, now);
}

} // namespace caf_pool
