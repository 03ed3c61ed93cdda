#pragma once

#include <string_view>

namespace caf_pool {

/// What the words of a statement say. Whether a session is clean is never
/// decided by words, but for statements that name nothing at all.
struct pg_traits {
  /// May change data, because it may run something that users can define:
  /// after a lost connection nobody can say what happened.
  bool may_write = true;
  /// Makes lasting what a transaction did so far.
  bool commits = false;
  /// Begins a transaction.
  bool begins = false;
  /// Speaks the COPY protocol.
  bool copies = false;
  /// Worth a prepared statement if it comes again.
  bool preparable = false;
  /// A query of constants and parameters: leaves no trace.
  bool names_nothing = false;
  /// Says the type of each of its parameters.
  bool typed = false;

  friend bool operator==(const pg_traits&, const pg_traits&) = default;
};

/// Looks at a statement's text. Takes time in proportion to its length; the
/// result is kept with the prepared statement.
pg_traits pg_traits_of(std::string_view text);

} // namespace caf_pool
