#include "pg_outage.hpp"

#include <algorithm>

namespace caf_pool::bench {

namespace {

double seconds(duration x) {
  return std::chrono::duration<double>(x).count();
}

} // namespace

void outage_verdict::keep_worst(const outage_verdict& x) {
  latest = std::max(latest, x.latest);
  failures = std::max(failures, x.failures);
  connects = std::max(connects, x.connects);
  burst = std::max(burst, x.burst);
  leaks = std::max(leaks, x.leaks);
}

void outage_log::took(double share_of_limit) {
  auto guard = std::lock_guard{mutex_};
  latest_ = std::max(latest_, share_of_limit);
}

void outage_log::succeeded(time_point at) {
  auto guard = std::lock_guard{mutex_};
  successes_.push_back(at);
}

void outage_log::failed(time_point at, errc code) {
  auto guard = std::lock_guard{mutex_};
  failures_.push_back({at, code});
}

void outage_log::connected(time_point begin, time_point end) {
  auto guard = std::lock_guard{mutex_};
  attempts_.push_back({begin, end});
}

void outage_log::breaker_opened(time_point at) {
  auto guard = std::lock_guard{mutex_};
  openings_.push_back(at);
}

std::optional<time_point> outage_log::first_success_after(time_point x) const {
  auto guard = std::lock_guard{mutex_};
  auto first = std::optional<time_point>{};
  // Calls that were on the way when the server died cannot come back late: they
  // fail. So the order of the entries is that of time but for microseconds.
  for (auto i = successes_.rbegin(); i != successes_.rend() && *i >= x; ++i)
    first = *i;
  return first;
}

double outage_log::connects_per_second(time_point from, time_point to) const {
  std::size_t most = 0;
  for (auto& x : attempts_) {
    if (x.begin < from || x.begin >= to)
      continue;
    auto end = std::min(to, x.begin + std::chrono::seconds{1});
    auto n = std::count_if(attempts_.begin(), attempts_.end(), [&](auto& y) {
      return y.begin >= x.begin && y.begin < end;
    });
    most = std::max(most, static_cast<std::size_t>(n));
  }
  return static_cast<double>(most);
}

double outage_log::concurrent_connects(time_point from) const {
  std::ptrdiff_t most = 0;
  for (auto& x : attempts_)
    if (x.begin >= from)
      most = std::max(
        most, std::count_if(attempts_.begin(), attempts_.end(), [&](auto& y) {
          return y.begin <= x.begin && y.end > x.begin;
        }));
  return static_cast<double>(most);
}

outage_verdict outage_log::verdict() const {
  outage_verdict result;
  auto first = first_success_after(back);
  auto guard = std::lock_guard{mutex_};
  // If it never opened, everything that failed counts.
  auto open = std::find_if(openings_.begin(), openings_.end(),
                           [this](time_point x) { return x >= down; });
  auto opened = open != openings_.end() ? *open : back;
  auto failures
    = std::count_if(failures_.begin(), failures_.end(), [&](const failure& x) {
        return x.at >= down && x.at <= opened && x.code != errc::breaker_open;
      });
  result.latest = latest_;
  result.failures = static_cast<double>(failures);
  result.connects = connects_per_second(down, time_point::max());
  result.burst = concurrent_connects(down);
  result.first_success = first ? seconds(*first - back) : 1e9;
  result.by_hand = seconds(std::max(by_hand - back, duration::zero()));
  return result;
}

caf::actor listen(caf::actor_system& sys, const pool_handle& pool,
                  std::shared_ptr<outage_log> log) {
  auto ears = sys.spawn([log](caf::event_based_actor*) -> caf::behavior {
    return {[log](const pool_event& x) {
      if (x.kind == event_kind::breaker_changed && x.text.starts_with("open"))
        log->breaker_opened(clock::now());
    }};
  });
  post_to(pool, subscribe{false, ears});
  return ears;
}

} // namespace caf_pool::bench
