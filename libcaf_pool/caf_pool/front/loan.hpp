#pragma once

#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/time.hpp"

#include <cstdint>

namespace caf_pool {

class slot_lender;

/// Names a slot of one table.
using slot_index = std::uint32_t;

/// One holding of a slot: what a lease is made of. Whoever has it must hand it
/// to `slot_lender::give_back` once; a second time is harmless.
///
/// Thread-safety: a plain value; may be given back by another thread than the
/// one that took it.
struct loan {
  /// Lives at least until the loan is given back, whatever happened to the
  /// pool.
  slot_lender* table = nullptr;
  /// The connection, as it was given to `slot_table::bind`.
  void* object = nullptr;
  connection_id connection;
  /// With the slot, names this holding; never reused.
  std::uint64_t generation = 0;
  slot_index slot = 0;
  /// Begin of the holding if this one is a sample of the use times.
  time_point sampled_at{};

  constexpr explicit operator bool() const noexcept {
    return table != nullptr;
  }

  friend bool operator==(const loan&, const loan&) = default;
};

} // namespace caf_pool
