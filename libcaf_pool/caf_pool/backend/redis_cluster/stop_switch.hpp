#pragma once

#include "caf_pool/backend/backend.hpp"

#include <atomic>
#include <mutex>
#include <utility>

namespace caf_pool::cluster {

/// Ends the calls of one thread from another one.
///
/// Thread-safety: `abort` and `aborted` from any thread, the rest from one.
class stop_switch {
public:
  /// Calls a function while `abort` reaches a connection.
  template <class F>
  auto during(connection& busy, F&& call) {
    struct scope {
      explicit scope(stop_switch& x, connection& busy) : all(x) {
        auto lock = std::lock_guard{all.mutex_};
        all.busy_ = &busy;
        if (all.aborted_)
          busy.abort();
      }

      ~scope() {
        auto lock = std::lock_guard{all.mutex_};
        all.busy_ = nullptr;
      }

      stop_switch& all;
    };
    auto guard = scope{*this, busy};
    return std::forward<F>(call)();
  }

  void abort() noexcept {
    auto lock = std::lock_guard{mutex_};
    aborted_ = true;
    if (busy_ != nullptr)
      busy_->abort();
  }

  bool aborted() const noexcept {
    return aborted_;
  }

private:
  std::mutex mutex_;
  connection* busy_ = nullptr;
  std::atomic<bool> aborted_{false};
};

} // namespace caf_pool::cluster
