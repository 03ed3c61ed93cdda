#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/core/sql_statement.hpp"

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// What a statement is about, as SQLite's authorizer tells while it compiles.
struct sqlite_traits {
  enum class control : std::uint8_t { none, begin, commit, rollback };

  control transaction = control::none;
  /// Begins a transaction without saying of which kind.
  bool plain_begin = false;
  /// Writes into something that other connections see.
  bool writes = false;
  /// Writes into temporary tables, or makes some.
  bool temporary = false;
  /// Changes what outlives the statement and is seen by the next holder of the
  /// connection: settings, attached files, temporary tables.
  bool lasting = false;
  /// May work while it is compiled: must not be kept for later.
  bool immediate = false;
};

/// A compiled statement.
class sqlite_prepared {
public:
  sqlite_prepared(sqlite3_stmt* stmt, sqlite_traits traits);

  sqlite3_stmt* get() const noexcept {
    return stmt_.get();
  }

  const sqlite_traits& traits() const noexcept {
    return traits_;
  }

  /// Binds the parameters, which must live until `release`. A placeholder
  /// `$2`, `:2` or `@2` means the second one, as `?2` does; other names and
  /// `?` count in the order of their appearance.
  result<void> bind(const std::vector<sql_value>& parameters);

  /// Ends the execution and forgets the parameters.
  void release() noexcept;

private:
  struct finalizer {
    void operator()(sqlite3_stmt* stmt) const noexcept {
      sqlite3_finalize(stmt);
    }
  };

  std::unique_ptr<sqlite3_stmt, finalizer> stmt_;
  sqlite_traits traits_;
  /// Position of the parameter for each placeholder; 0 for none.
  std::vector<std::size_t> positions_;
  /// How many parameters the text asks for.
  std::size_t wanted_ = 0;
  /// Has both numbered names and `?`, which nobody can read.
  bool mixed_ = false;
};

/// Returns what follows the blanks, comments and semicolons at the front.
std::string_view skip_sql_blanks(std::string_view sql) noexcept;

/// Tells whether a statement that begins a transaction leaves its kind open:
/// neither DEFERRED nor IMMEDIATE nor EXCLUSIVE.
bool is_plain_begin(std::string_view sql) noexcept;

/// Tells whether a setting with an argument asks or works only, such that the
/// connection is the same afterwards.
bool is_harmless_pragma(std::string_view name) noexcept;

} // namespace caf_pool
