#pragma once

#include "caf_pool/backend/sqlite/sqlite_prepared.hpp"
#include "caf_pool/core/lru.hpp"

#include <sqlite3.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace caf_pool {

/// Compiles the statements of one connection, keeps those used last, and finds
/// out what each is about.
///
/// Thread-safety: none.
class sqlite_statements {
public:
  /// What came of a text: a statement, or a code of SQLite's, or a reason of
  /// ours in `refusal`.
  struct outcome {
    std::shared_ptr<sqlite_prepared> stmt;
    int code = SQLITE_OK;
    std::string refusal;
    /// Compiling alone may have changed the connection.
    bool lasting = false;
  };

  sqlite_statements(std::size_t capacity, bool attach);

  sqlite_statements(const sqlite_statements&) = delete;
  sqlite_statements& operator=(const sqlite_statements&) = delete;

  /// Works on this handle from now on; null for none. Forgets all statements.
  void use(sqlite3* db);

  /// Hooks into the handle again, in case somebody took the place.
  void install();

  outcome prepare(std::string_view text);

  /// Forbids settings from now on that would let the connection write.
  void restrict(bool yes) noexcept {
    restricted_ = yes;
  }

  /// Limits what statements may do while this is alive: what is done with the
  /// bare handle is not our business.
  class guard {
  public:
    explicit guard(sqlite_statements& self) : self_(self) {
      self_.guarded_ = true;
      self_.denial_ = {};
    }

    ~guard() {
      self_.guarded_ = false;
    }

    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;

  private:
    sqlite_statements& self_;
  };

  /// Returns why the last statement was not authorized; empty if it was.
  std::string_view denial() const noexcept {
    return denial_;
  }

private:
  struct entry {
    std::string text;
    std::shared_ptr<sqlite_prepared> stmt;
  };

  static int on_authorize(void* self, int action, const char* first,
                          const char* second, const char* schema,
                          const char* trigger);

  std::string_view denial_of(int action, const char* first,
                             const char* second) const noexcept;

  outcome compile(std::string_view text);

  lru<entry, &entry::text> kept_;
  bool attach_;
  sqlite3* db_ = nullptr;
  bool restricted_ = false;
  bool guarded_ = false;
  std::string_view denial_;
  /// Where the authorizer writes while a statement is compiled.
  sqlite_traits* recorded_ = nullptr;
};

} // namespace caf_pool
