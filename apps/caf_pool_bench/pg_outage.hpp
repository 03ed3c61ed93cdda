#pragma once

#include "caf_pool/actor/pool_supervisor.hpp"
#include "caf_pool/backend/backend.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <vector>

namespace caf_pool::bench {

/// What an outage did, in numbers.
struct outage_verdict {
  /// Time of the latest call, in shares of its limit.
  double latest = 0;
  /// Calls that failed before the breaker was open.
  double failures = 0;
  /// Most connects in any second, from the kill until the pool is whole.
  double connects = 0;
  /// Most connects at the same time.
  double burst = 0;
  double leaks = 0;
  /// Seconds after the server was back.
  double first_success = 0;
  double by_hand = 0;

  /// Keeps the worse of each, but for the way back.
  void keep_worst(const outage_verdict& x);
};

/// What happened during an outage and when.
///
/// Thread-safety: all member functions from any thread; the data members by the
/// thread that plays the outage.
class outage_log {
public:
  time_point down{};
  time_point back{};
  time_point by_hand{};

  void took(double share_of_limit);
  void succeeded(time_point at);
  void failed(time_point at, errc code);
  void connected(time_point begin, time_point end);
  void breaker_opened(time_point at);

  std::optional<time_point> first_success_after(time_point x) const;

  /// Requires that the load is over.
  outage_verdict verdict() const;

private:
  struct failure {
    time_point at;
    errc code;
  };

  struct attempt {
    time_point begin;
    time_point end;
  };

  double connects_per_second(time_point from, time_point to) const;
  double concurrent_connects(time_point from) const;

  mutable std::mutex mutex_;
  double latest_ = 0;
  std::vector<time_point> successes_;
  std::vector<failure> failures_;
  std::vector<attempt> attempts_;
  std::vector<time_point> openings_;
};

/// Writes down each attempt to connect that a server noticed.
class watched_backend : public backend {
public:
  watched_backend(backend_ptr inner, std::shared_ptr<outage_log> log)
    : inner_(std::move(inner)), log_(std::move(log)) {
    // nop
  }

  result<connection_ptr> open(time_point deadline) override {
    auto begin = clock::now();
    auto result = inner_->open(deadline);
    note(begin, result ? error{} : result.error());
    return result;
  }

  result<void> reachable(time_point deadline) override {
    auto begin = clock::now();
    auto result = inner_->reachable(deadline);
    note(begin, result ? error{} : result.error());
    return result;
  }

  std::string_view kind() const noexcept override {
    return inner_->kind();
  }

  std::string describe() const override {
    return inner_->describe();
  }

private:
  /// A server that is not there notices nothing.
  void note(time_point begin, const error& why) {
    if (why.code != errc::open_failed || !why.state.empty())
      log_->connected(begin, clock::now());
  }

  backend_ptr inner_;
  std::shared_ptr<outage_log> log_;
};

/// An actor system as the library makes it for programs that have none.
struct outage_system {
  struct config : caf::actor_system_config {
    config() {
      configure_pools(*this);
    }
  };

  config cfg;
  caf::actor_system sys{cfg};
};

/// Spawns an actor that writes down when the breaker opens.
caf::actor listen(caf::actor_system& sys, const pool_handle& pool,
                  std::shared_ptr<outage_log> log);

} // namespace caf_pool::bench
