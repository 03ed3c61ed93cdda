#pragma once

#include "caf_pool/front/loan.hpp"

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

} // namespace caf_pool
