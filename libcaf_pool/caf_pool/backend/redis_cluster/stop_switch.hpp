#pragma once

#include "caf_pool/backend/backend.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

namespace caf_pool::cluster {

/// Ends the calls of one thread from another one.
///
/// Thread-safety: `abort` and `aborted` from any thread, the rest from one.
class stop_switch {
public:
  /// While it lives, `abort` reaches a connection, too.
  class scope {
  public:
    scope(stop_switch& all, connection& busy) : all_(all), busy_(busy) {
      auto lock = std::lock_guard{all_.mutex_};
      all_.busy_.push_back(&busy);
      if (all_.aborted_)
        busy.abort();
    }

    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;

    ~scope() {
      auto lock = std::lock_guard{all_.mutex_};
      auto& list = all_.busy_;
      list.erase(std::find(list.begin(), list.end(), &busy_));
    }

  private:
    stop_switch& all_;
    connection& busy_;
  };

  /// Calls a function while `abort` reaches a connection.
  template <class F>
  auto during(connection& busy, F&& call) {
    auto guard = scope{*this, busy};
    return call();
  }

  void abort() noexcept {
    auto lock = std::lock_guard{mutex_};
    aborted_ = true;
    for (auto* x : busy_)
      x->abort();
  }

  bool aborted() const noexcept {
    return aborted_;
  }

private:
  std::mutex mutex_;
  std::vector<connection*> busy_;
  std::atomic<bool> aborted_{false};
};

} // namespace caf_pool::cluster
