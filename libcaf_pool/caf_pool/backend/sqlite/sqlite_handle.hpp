#pragma once

#include "caf_pool/backend/sqlite/sqlite_files.hpp"
#include "caf_pool/backend/sqlite/sqlite_options.hpp"
#include "caf_pool/backend/sqlite/sqlite_stopper.hpp"
#include "caf_pool/backend/sqlite/writer_queue.hpp"
#include "caf_pool/core/result.hpp"

#include <sqlite3.h>

#include <memory>
#include <string>

namespace caf_pool {

/// Closes a handle, at once or when the last statement that somebody took from
/// it is finalized.
struct sqlite_closer {
  void operator()(sqlite3* db) const noexcept {
    sqlite3_close_v2(db);
  }
};

using sqlite_handle = std::unique_ptr<sqlite3, sqlite_closer>;

/// What all connections of one pool share.
struct sqlite_shared {
  sqlite_options options;
  /// One writer at a time.
  writer_queue writers;
  /// What its connections have open.
  sqlite_file_book book;
  /// Name under which a database in memory is found; empty for files.
  std::string memory_name;
};

/// Opens a handle and prepares it as the options say. `stopper` keeps the
/// deadline and hooks into the handle.
result<sqlite_handle> open_sqlite(sqlite_shared& shared,
                                  sqlite_stopper& stopper, time_point deadline);

/// Opens a handle that does nothing but keep a database in memory alive.
result<sqlite_handle> open_sqlite_anchor(const sqlite_shared& shared);

} // namespace caf_pool
