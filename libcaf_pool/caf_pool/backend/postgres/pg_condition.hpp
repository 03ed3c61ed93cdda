#pragma once

#include "caf_pool/backend/backend.hpp"

#include <string>

namespace caf_pool {

/// What is known of a connection beside what libpq knows.
struct pg_condition {
  /// The holder may have left something that a full reset removes.
  bool dirty = false;
  /// Nothing helps but closing.
  bool broken = false;
  /// The holder had the native handle: nothing is known of what it did.
  bool native = false;
  /// Statements run in READ ONLY transactions until the next reset.
  bool restricted = false;
  /// The server may hold statements prepared.
  bool may_prepare = true;
  /// The server holds the statement that ends a full reset.
  bool holds_sweep = false;
  /// The holder prepared or dropped statements itself, or could have.
  bool meddled = false;
  /// Since the last try to have the server hold it.
  int full_resets = 0;
  /// Each transaction may run in another session, which others use, too:
  /// nothing may be left there.
  bool shared_session = false;
  /// libpq's buffers have become large.
  bool bloated = false;
  /// The error that doomed the open transaction, if it is known.
  std::string doomed_by;
  /// Since the last reset.
  transaction_ends ends = {};
};

} // namespace caf_pool
