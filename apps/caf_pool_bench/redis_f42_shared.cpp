#include "caf_pool/redis.hpp"

#include "figure.hpp"
#include "hammer.hpp"
#include "redis_pooled.hpp"
#include "statistics.hpp"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>

// F42: single GETs over a unix socket by more callers than there are
// connections: a pool of eight, as it is made. Beside it hiredis with eight
// connections that the callers take in turns, behind a lock and a condition.
//
// Both sides check what they read. A value is commands per second.

namespace caf_pool::bench {

namespace {

constexpr std::uint32_t size = 8;
constexpr double goal = 3.0;
/// With as many callers as connections nothing is shared.
constexpr std::size_t many = 64;

/// Eight connections by hiredis and nothing else.
class raw_pool {
public:
  explicit raw_pool(const std::string& path) {
    for (std::uint32_t i = 0; i < size; ++i)
      free_.push_back(std::make_unique<raw_redis>(path));
  }

  void get(const redis_entry& x) {
    auto mine = take();
    mine->get(x);
    give_back(std::move(mine));
  }

private:
  using raw = std::unique_ptr<raw_redis>;

  raw take() {
    std::unique_lock lock{mutex_};
    returned_.wait(lock, [this] { return !free_.empty(); });
    auto result = std::move(free_.back());
    free_.pop_back();
    return result;
  }

  void give_back(raw x) {
    {
      std::lock_guard lock{mutex_};
      free_.push_back(std::move(x));
    }
    returned_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<raw> free_;
};

struct served {
  double per_second = 0;
  /// In microseconds.
  double p99 = 0;
};

/// `get` reads one entry, and is called by all threads.
template <class Get>
served measure(std::size_t threads, duration length, Get get) {
  std::vector<std::vector<duration>> times(threads);
  auto done = hammer(threads, length, [&](std::size_t i) {
    return [&get, &mine = times[i], state = std::uint64_t{i}]() mutable {
      state = state * 6364136223846793005u + 1442695040888963407u;
      auto& all = redis_entries();
      auto began = clock::now();
      get(all[(state >> 33) % all.size()]);
      mine.push_back(clock::now() - began);
    };
  });
  std::vector<duration> all;
  for (auto& xs : times)
    all.insert(all.end(), xs.begin(), xs.end());
  auto last = all.begin() + static_cast<std::ptrdiff_t>(all.size() * 99 / 100);
  std::nth_element(all.begin(), last, all.end());
  return {1e9 / done.wall_per_cycle(),
          static_cast<double>(last->count()) / 1000};
}

measurement measure_both(const run_options& x, pool<redis_connection>& db,
                         raw_pool& raw, std::size_t threads) {
  auto length
    = x.quick ? std::chrono::milliseconds{100} : std::chrono::milliseconds{700};
  std::vector<double> rate, p99, raw_rate, raw_p99;
  for (int i = 0; i < x.repeats; ++i) {
    auto theirs
      = measure(threads, length, [&](auto& entry) { raw.get(entry); });
    auto ours = measure(threads, length, [&](auto& entry) {
      expect(db.command("GET", entry.key), entry);
    });
    rate.push_back(ours.per_second);
    p99.push_back(ours.p99);
    raw_rate.push_back(theirs.per_second);
    raw_p99.push_back(theirs.p99);
  }
  auto is_many = threads >= many;
  return {"F42",
          {{"threads", std::to_string(threads)},
           {"pool", std::to_string(size)},
           {"p99", to_text(median(p99)) + " us"},
           {"p99 of hiredis", to_text(median(raw_p99)) + " us"}},
          median(rate),
          "commands/s",
          median(raw_rate),
          "hiredis, eight connections in turns",
          is_many ? "at least 3 times the baseline, p99 not above its" : "none",
          !is_many
            || (median(rate) >= goal * median(raw_rate)
                && median(p99) <= median(raw_p99))};
}

std::vector<measurement> run(const run_options& x) {
  fill_redis(x.redis);
  auto db = make_redis_pool(x, size);
  raw_pool raw{x.redis};
  std::vector<measurement> result;
  for (auto threads : {std::size_t{8}, many})
    result.push_back(measure_both(x, db, raw, threads));
  return result;
}

} // namespace

figure f42_shared() {
  return {"F42", "GET by many callers, Redis", run, without_redis};
}

} // namespace caf_pool::bench
