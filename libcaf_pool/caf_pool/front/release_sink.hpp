#pragma once

#include "caf_pool/front/loan.hpp"

#include <memory>
#include <mutex>

namespace caf_pool {

/// Where the front tells the pool's actor that a slot waits to be collected.
/// Called on the holder's thread, from any number of threads at once, also for
/// a short while after the sink was replaced; must not block nor throw. A call
/// may be superfluous: `slot_table::collect` then finds nothing.
class release_sink {
public:
  virtual ~release_sink() = default;

  virtual void released(slot_index slot) noexcept = 0;
};

/// Holds a sink that can be exchanged while others use it.
///
/// Thread-safety: any thread.
class sink_holder {
public:
  void set(std::shared_ptr<release_sink> sink) noexcept {
    {
      std::lock_guard guard{mutex_};
      sink_.swap(sink);
    }
    // The old sink dies here, outside of the lock.
  }

  /// Tells the present sink, if there is one.
  void released(slot_index slot) noexcept {
    if (auto sink = get())
      sink->released(slot);
  }

private:
  std::shared_ptr<release_sink> get() noexcept {
    std::lock_guard guard{mutex_};
    return sink_;
  }

  std::mutex mutex_;
  std::shared_ptr<release_sink> sink_;
};

} // namespace caf_pool
