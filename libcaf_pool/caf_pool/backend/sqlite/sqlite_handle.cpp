#include "caf_pool/backend/sqlite/sqlite_handle.hpp"

#include "caf_pool/backend/sqlite/sqlite_error.hpp"
#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/settings/setting_text.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <string_view>

namespace caf_pool {

namespace {

constexpr std::string_view running_init = "running init on";

std::string place(const sqlite_shared& shared) {
  return shared.options.in_memory() ? std::string{"a database in memory"}
                                    : '"' + shared.options.path + '"';
}

/// Tells whether the file says that it has a write-ahead log.
bool has_log(const std::string& path) {
  constexpr std::size_t version_of_reader = 19;
  std::array<char, version_of_reader + 1> header{};
  std::ifstream in{path, std::ios::binary};
  return in.read(header.data(), header.size())
         && header[version_of_reader] == 2;
}

/// Tells whether it is the folder that does not let a log be made.
bool log_is_refused(const sqlite_shared& shared, int code) {
  auto family = code & 0xff;
  return (family == SQLITE_READONLY || family == SQLITE_CANTOPEN)
         && !shared.options.in_memory() && has_log(shared.options.path);
}

std::string log_advice(const std::string& path) {
  return "the file has a write-ahead log, and SQLite has to make \"" + path
         + "-wal\" and \"" + path
         + "-shm\" beside it even to read: make the folder writable for this "
           "process, or end the log where it is (PRAGMA journal_mode=DELETE)";
}

/// Says why a handle could not be made ready.
error open_error(const sqlite_shared& shared, const sqlite_stopper& stopper,
                 sqlite3* db, int code, std::string_view step,
                 time_point began) {
  auto number = db != nullptr ? sqlite3_system_errno(db) : 0;
  std::string text = db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  auto name = sqlite_code_name(code);
  auto where = std::string{step} + ' ' + place(shared);
  auto spent = to_rough_text(clock::now() - began);
  if (stopper.why() == sqlite_stopper::cause::deadline && step == running_init)
    return {errc::open_timeout,
            where + " was not done after " + spent
              + "; make its statements faster or raise open_timeout",
            std::move(name)};
  if (stopper.why() == sqlite_stopper::cause::deadline)
    return {errc::open_timeout,
            where + " was not done after " + spent
              + ": another process locks the file (" + text
              + "); end it or raise open_timeout",
            std::move(name)};
  auto str = where + " failed after " + spent + ": " + text;
  if (number != 0)
    str += ": " + std::string{std::strerror(number)};
  if (log_is_refused(shared, code))
    str += "; " + log_advice(shared.options.path);
  else if (auto advice = sqlite_advice(code); !advice.empty())
    str += "; " + std::string{advice};
  auto heals = sqlite_heals(code, number);
  return {heals ? errc::open_failed : errc::open_refused, std::move(str),
          std::move(name)};
}

int open_flags(const sqlite_options& options) {
  int flags
    = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  if (options.in_memory())
    flags |= SQLITE_OPEN_URI;
  switch (options.mode) {
    case sqlite_mode::create:
      return flags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    case sqlite_mode::write:
      return flags | SQLITE_OPEN_READWRITE;
    case sqlite_mode::read:
      return flags | SQLITE_OPEN_READONLY;
  }
  return flags;
}

int open_raw(const sqlite_shared& shared, sqlite_handle& out) {
  auto& options = shared.options;
  auto* name
    = options.in_memory() ? shared.memory_name.c_str() : options.path.c_str();
  sqlite3* db = nullptr;
  auto code = sqlite3_open_v2(name, &db, open_flags(options), nullptr);
  // There is a handle even after most errors, and it must be closed.
  out.reset(db);
  return code;
}

int run(sqlite3* db, const std::string& sql) {
  return sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr);
}

std::string settings_of(const sqlite_options& options) {
  auto kib = static_cast<std::int64_t>(options.cache_bytes / 1024);
  return "PRAGMA foreign_keys=" + to_setting_text(options.foreign_keys)
         + ";PRAGMA cache_size=" + std::to_string(-kib) + ";PRAGMA synchronous="
         + std::string{to_string(options.synchronous)} + ';';
}

/// Returns the journal's mode, or nothing on an error.
std::string journal_mode(sqlite3* db, const char* sql, int& code) {
  std::string mode;
  auto keep = [](void* out, int, char** cells, char**) {
    *static_cast<std::string*>(out) = cells[0] != nullptr ? cells[0] : "";
    return 0;
  };
  code = sqlite3_exec(db, sql, keep, &mode, nullptr);
  return mode;
}

/// Makes sure that the file has a write-ahead log.
int use_wal(sqlite_shared& shared, sqlite_stopper& stopper, sqlite3* db,
            time_point deadline, std::string& mode) {
  int code = SQLITE_OK;
  mode = journal_mode(db, "PRAGMA journal_mode", code);
  if (code != SQLITE_OK || mode == "wal")
    return code;
  // The change needs the file alone, and SQLite does not wait for that: our
  // own connections queue up, others are asked again until the deadline.
  auto stopped = [&] { return stopper.why() != sqlite_stopper::cause::none; };
  if (!shared.writers.enter(&stopper, deadline, stopped))
    return SQLITE_BUSY;
  int tries = 0;
  do
    mode = journal_mode(db, "PRAGMA journal_mode=WAL", code);
  while ((code & 0xff) == SQLITE_BUSY && stopper.wait_for_lock(tries++));
  shared.writers.leave(&stopper);
  return code;
}

error no_wal(const sqlite_shared& shared, const std::string& mode) {
  return {errc::open_refused,
          place(shared) + " has the journal mode \"" + mode
            + "\" and cannot get a write-ahead log, which needs shared memory "
              "in its folder; set wal = false",
          {}};
}

} // namespace

result<sqlite_handle> open_sqlite(sqlite_shared& shared,
                                  sqlite_stopper& stopper,
                                  time_point deadline) {
  auto& options = shared.options;
  auto began = clock::now();
  sqlite_handle db;
  auto failed = [&](int code, std::string_view step) {
    return open_error(shared, stopper, db.get(), code, step, began);
  };
  if (auto why = shared.book.objection(options.path))
    return why;
  if (auto code = open_raw(shared, db); code != SQLITE_OK)
    return failed(code, "opening");
  stopper.install(db.get());
  // No statement may damage the file by writing into SQLite's own tables.
  sqlite3_db_config(db.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  if (auto code = run(db.get(), settings_of(options)); code != SQLITE_OK)
    return failed(code, "setting up");
  // Opening touches no file; this does.
  if (auto code = run(db.get(), "PRAGMA schema_version"); code != SQLITE_OK)
    return failed(code, "reading");
  if (options.wal && !options.in_memory() && !options.read_only()) {
    std::string mode;
    if (auto code = use_wal(shared, stopper, db.get(), deadline, mode);
        code != SQLITE_OK)
      return failed(code, "switching to the write-ahead log of");
    if (mode != "wal")
      return no_wal(shared, mode);
  }
  if (auto code = run(db.get(), options.init); code != SQLITE_OK)
    return failed(code, running_init);
  if (!sqlite3_get_autocommit(db.get()))
    return error{errc::open_refused,
                 "init leaves a transaction open on " + place(shared)
                   + "; end it there",
                 {}};
  return db;
}

result<sqlite_handle> open_sqlite_anchor(const sqlite_shared& shared) {
  sqlite_handle db;
  auto code = open_raw(shared, db);
  // The database begins to exist when it is first read.
  if (code == SQLITE_OK)
    code = run(db.get(), "PRAGMA schema_version");
  if (code != SQLITE_OK)
    return error{errc::open_failed,
                 std::string{"making a database in memory failed: "}
                   + sqlite3_errstr(code),
                 sqlite_code_name(code)};
  return db;
}

} // namespace caf_pool
