#include "caf_pool/acquire_all.hpp"

#include "caf_pool/actor/pool_supervisor.hpp"
#include "caf_pool/lease/last_word.hpp"

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace caf_pool {

namespace {

/// A connection that is wanted.
struct want {
  any_pool* pool;
  /// The same for all objects that joined the same pool.
  const pool_estate* estate;
  /// Where its lease belongs.
  std::size_t place;

  friend bool operator<(const want& lhs, const want& rhs) {
    auto order = lhs.pool->config().name.compare(rhs.pool->config().name);
    return order != 0 ? order < 0
                      : std::less<const void*>{}(lhs.estate, rhs.estate);
  }
};

using wants = std::span<const want>;

/// Who collects several connections of which pool: one caller at a time each.
struct turns {
  std::mutex mutex;
  std::condition_variable over;
  std::set<const pool_estate*> taken;

  /// Never destroyed: threads may outlive every static object.
  static turns& instance() {
    static auto* all = new turns;
    return *all;
  }
};

class turn {
public:
  turn(const pool_estate* pool, time_point deadline)
    : all_(turns::instance()), pool_(pool) {
    auto guard = std::unique_lock{all_.mutex};
    auto take = [this] { return mine_ = all_.taken.insert(pool_).second; };
    if (deadline != never)
      all_.over.wait_until(guard, deadline, take);
    else
      all_.over.wait(guard, take);
  }

  turn(const turn&) = delete;
  turn& operator=(const turn&) = delete;

  ~turn() {
    if (!mine_)
      return;
    {
      auto guard = std::lock_guard{all_.mutex};
      all_.taken.erase(pool_);
    }
    all_.over.notify_all();
  }

  /// Tells whether it came before the deadline.
  explicit operator bool() const noexcept {
    return mine_;
  }

private:
  turns& all_;
  const pool_estate* pool_;
  bool mine_ = false;
};

error of_pool(const any_pool& pool, error why) {
  why.message = "nothing was taken, because of the pool \"" + pool.config().name
                + "\": " + why.message;
  return why;
}

/// Returns why a pool can never serve so many; nothing is known of one that
/// does not answer in time.
error objection(any_pool& pool, std::size_t n, time_point deadline) {
  auto now = pool.snapshot(listening_time(deadline));
  if (!now || n <= now->max_size)
    return {};
  return of_pool(pool, {errc::invalid_argument,
                        std::to_string(n) + " connections are wanted at once, "
                          + std::to_string(now->max_size)
                          + " is all it may have; raise max_size, or want "
                            "fewer",
                        {}});
}

/// Takes connections of the same pool, or returns why there are not enough.
error collect(wants same, acquire_all_options how, time_point deadline,
              std::vector<lease>& out) {
  for (auto& x : same) {
    how.each.wait = time_left(deadline);
    auto held = x.pool->acquire(how.each, how.at);
    if (!held)
      return of_pool(*x.pool, held.error());
    out[x.place] = *std::move(held);
  }
  return {};
}

error collect_several(wants same, const acquire_all_options& how,
                      time_point deadline, std::vector<lease>& out) {
  auto& pool = *same.front().pool;
  if (auto why = objection(pool, same.size(), deadline))
    return why;
  auto mine = turn{same.front().estate, deadline};
  if (!mine)
    return of_pool(pool, {errc::acquire_timeout,
                          "others collected several of its connections all "
                          "the time; allow more time, or raise max_size",
                          {}});
  return collect(same, how, deadline, out);
}

/// All that is wanted, in the order that everybody keeps.
result<std::vector<want>> in_order(std::span<any_pool* const> pools) {
  std::vector<want> result;
  result.reserve(pools.size());
  for (auto* pool : pools) {
    if (auto ok = pool->ready(); !ok)
      return of_pool(*pool, ok.error());
    result.push_back({pool, pool->actors().estate.get(), result.size()});
  }
  std::stable_sort(result.begin(), result.end());
  return result;
}

} // namespace

result<std::vector<lease>> acquire_all(const acquire_all_options& how,
                                       std::span<any_pool* const> pools) {
  auto order = in_order(pools);
  if (!order)
    return order.error();
  auto wait = duration::max();
  for (auto* pool : pools)
    wait = std::min(wait, pool->config().acquire_timeout);
  wait = std::max(how.each.wait.value_or(wait), duration::zero());
  auto deadline = add_saturated(clock::now(), wait);
  auto held = std::vector<lease>(pools.size());
  auto rest = wants{*order};
  while (!rest.empty()) {
    auto next = std::find_if(rest.begin(), rest.end(), [&](auto& x) {
      return x.estate != rest.front().estate;
    });
    auto same = rest.first(static_cast<std::size_t>(next - rest.begin()));
    rest = rest.subspan(same.size());
    auto why = same.size() == 1 ? collect(same, how, deadline, held)
                                : collect_several(same, how, deadline, held);
    if (why)
      return why;
  }
  return held;
}

} // namespace caf_pool
