#pragma once

#include <string_view>

namespace caf_pool {

/// What a statement may do, as far as its text proves it. Every doubt counts
/// for the worse: an unknown function may do anything.
struct pg_traits {
  /// Something may outlive the transaction in the session: a setting, a
  /// temporary table, a cursor, a lock, a subscription, a prepared statement.
  /// What a sequence remembers (`lastval`) does not count.
  bool leaves_trace = true;
  /// May change data, or whatever a function of the user's does.
  bool may_write = true;
  /// Makes lasting what a transaction did so far.
  bool commits = false;
  /// Names a command or function that changes how later statements of the
  /// session run.
  bool may_change_settings = true;
  /// Drops prepared statements that somebody may still count on.
  bool drops_prepared = false;
  /// Speaks the COPY protocol.
  bool copies = false;
  /// Worth a prepared statement if it comes again.
  bool preparable = false;

  friend bool operator==(const pg_traits&, const pg_traits&) = default;
};

/// Reads a statement's text. Takes time in proportion to its length; the result
/// is kept with the prepared statement.
pg_traits pg_traits_of(std::string_view text);

} // namespace caf_pool
