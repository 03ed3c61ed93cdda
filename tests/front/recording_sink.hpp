#pragma once

#include "caf_pool/front/release_sink.hpp"

#include <mutex>
#include <vector>

namespace caf_pool::test {

/// Remembers what the front told.
class recording_sink : public release_sink {
public:
  void released(slot_index slot) noexcept override {
    std::lock_guard guard{mutex_};
    slots_.push_back(slot);
  }

  std::vector<slot_index> slots() const {
    std::lock_guard guard{mutex_};
    return slots_;
  }

private:
  mutable std::mutex mutex_;
  std::vector<slot_index> slots_;
};

} // namespace caf_pool::test
