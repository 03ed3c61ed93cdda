#pragma once

#include "caf_pool/backend/postgres/postgres.hpp"

#include "actor/bench.hpp"
#include "support/private_postgres.hpp"

#include <map>
#include <string>
#include <thread>
#include <vector>

namespace caf_pool::test {

/// Settings of a pool that bears a bad server well and fast.
inline pool_config resilient(const private_postgres& server,
                             std::uint32_t max) {
  auto config = quiet_pool(max);
  config.name = "outage";
  config.backend = "postgres";
  config.options = {{"host", server.socket_dir()},
                    {"port", std::to_string(server.port())},
                    {"user", "app"},
                    {"database", "app"}};
  config.max_waiters = 1000;
  config.acquire_timeout = 30s;
  config.open_timeout = 30s;
  config.execute_timeout = 30s;
  config.reset_timeout = 30s;
  config.health_check_interval = 10s;
  config.health_check_timeout = 10s;
  config.retry = {50ms, 2.0, 1s, 10ms, true, 5};
  config.breaker.open_time = 500ms;
  config.breaker.open_cap = 1s;
  config.breaker.half_open_timeout = 5s;
  return config;
}

/// Threads that execute statements all the time, and what became of those.
class load {
public:
  using task = std::function<result<sql_result>(any_pool&)>;

  load(any_pool& db, std::size_t threads, task what) {
    for (std::size_t i = 0; i < threads; ++i)
      threads_.emplace_back([this, &db, what] {
        while (!over_)
          count(clock::now(), what(db));
      });
  }

  load(const load&) = delete;
  load& operator=(const load&) = delete;

  ~load() {
    end();
  }

  void end() {
    over_ = true;
    for (auto& x : threads_)
      x.join();
    threads_.clear();
  }

  /// How many statements went well so far.
  std::uint64_t served() const {
    return served_;
  }

  /// Waits for `n` more.
  bool serves(std::uint64_t n = 100) const {
    auto target = served_ + n;
    return eventually([&] { return served_ >= target; }, 2 * patience);
  }

  /// The longest call, be it a success or a failure.
  duration longest() const {
    auto guard = std::lock_guard{mutex_};
    return longest_;
  }

  /// How often calls failed in which way.
  std::map<errc, std::uint64_t> failures() const {
    auto guard = std::lock_guard{mutex_};
    return failures_;
  }

  std::vector<error> errors() const {
    auto guard = std::lock_guard{mutex_};
    return errors_;
  }

private:
  void count(time_point start, const result<sql_result>& x) {
    auto took = clock::now() - start;
    if (x)
      ++served_;
    auto guard = std::lock_guard{mutex_};
    longest_ = std::max<duration>(longest_, took);
    if (x)
      return;
    if (++failures_[x.error().code] <= 5)
      errors_.push_back(x.error());
  }

  std::atomic<bool> over_{false};
  std::atomic<std::uint64_t> served_{0};
  mutable std::mutex mutex_;
  duration longest_ = duration::zero();
  std::map<errc, std::uint64_t> failures_;
  std::vector<error> errors_;
  std::vector<std::thread> threads_;
};

/// How many sessions of the pool there are, as the server counts.
inline std::size_t sessions(const private_postgres& server) {
  return std::stoul(server.query(
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
    "'caf_pool/outage'"));
}

} // namespace caf_pool::test
