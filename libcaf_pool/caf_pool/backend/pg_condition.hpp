#pragma once

namespace caf_pool {

/// What is known of a connection beside what libpq knows.
struct pg_condition {
  /// The holder may have left something that a full reset removes.
  bool dirty = false;
  /// Nothing helps but closing.
  bool broken = false;
  /// The holder had the native handle: nothing is known of what it did.
  bool native = false;
  /// The server refuses writes until the next reset.
  bool restricted = false;
};

} // namespace caf_pool
