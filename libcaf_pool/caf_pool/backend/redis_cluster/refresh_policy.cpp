#include "caf_pool/backend/redis_cluster/refresh_policy.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool::cluster {

refresh_policy::refresh_policy(const refresh_config& config,
                               random_source random)
  : config_(config), random_(random), pause_(config.least) {
  // nop
}

void refresh_policy::want(time_point now, std::optional<node_address> whom) {
  // After a long time in which nobody wanted a table, this is a new story.
  if (!wanted_ && !asking_ && now - begun_ > 2 * config_.most)
    pause_ = config_.least;
  wanted_ = true;
  if (whom)
    whom_ = std::move(whom);
}

void refresh_policy::want_urgently(time_point now) {
  want(now);
  urgent_ = true;
}

time_point refresh_policy::next() const noexcept {
  if (asking_)
    return never;
  if (urgent_)
    return std::min(earliest_, add_saturated(begun_, config_.urgent));
  return wanted_ ? earliest_ : std::max(earliest_, idle_due_);
}

bool refresh_policy::begin(time_point now) {
  if (now < next())
    return false;
  asking_ = true;
  urgent_ = false;
  begun_ = now;
  by_request_ = std::exchange(wanted_, false);
  return true;
}

void refresh_policy::finished(time_point now, bool changed) {
  // What is wanted by now was said by a node after the refresh began.
  if (!wanted_)
    whom_.reset();
  end(now, changed);
}

void refresh_policy::failed(time_point now) {
  // Whoever was asked first does not answer.
  if (!wanted_)
    whom_.reset();
  wanted_ = true;
  by_request_ = true;
  end(now, false);
}

void refresh_policy::end(time_point now, bool changed) {
  asking_ = false;
  if (changed)
    pause_ = config_.least;
  earliest_ = add_saturated(begun_, spread(pause_));
  idle_due_ = add_saturated(now, spread(config_.idle));
  if (!changed && by_request_)
    pause_ = std::min(2 * pause_, config_.most);
}

duration refresh_policy::spread(duration x) {
  auto part = x / 100 * static_cast<duration::rep>(config_.jitter_percent);
  return random_.between(x - part, x + part);
}

} // namespace caf_pool::cluster
