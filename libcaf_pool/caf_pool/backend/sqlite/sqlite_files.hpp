#pragma once

#include "caf_pool/core/error.hpp"

#include <sqlite3.h>
#include <sys/types.h>

#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace caf_pool {

/// What stands at a path.
struct file_identity {
  dev_t device = 0;
  ino_t inode = 0;

  friend bool operator==(const file_identity&, const file_identity&) = default;
};

/// The files that a handle has open. SQLite goes on with them when others take
/// their places, or none: what it writes then is lost.
struct sqlite_files {
  /// As the pool was told, and without symbolic links.
  std::string path;
  std::string real_path;
  file_identity main;
  /// The write-ahead log and its index; nothing if there was none.
  std::optional<file_identity> log;
  std::optional<file_identity> index;
  /// The file held pages when it was opened.
  bool filled = false;

  /// Takes note of the files of one database of a handle.
  static sqlite_files of(sqlite3* db, const std::string& path,
                         const char* schema = "main");

  /// Takes note of log and index again, which a statement may change.
  void look_at_log();

  /// Returns what happened to the files since; empty if nothing did.
  std::string change();

  /// Tells whether the log at its path is that of another file by now: whoever
  /// closes the last handle must not remove it.
  bool log_is_foreign() const;
};

/// The files of all handles of a pool.
///
/// Thread-safety: all members from any thread.
class sqlite_file_book {
public:
  using entry = std::list<sqlite_files>::iterator;

  /// Returns an error if the file was replaced while a write-ahead log of the
  /// old one is still in its place, which SQLite would lay over the new one.
  error objection(const std::string& path) const;

  entry enter(const sqlite_files& x);
  void leave(entry x);

private:
  /// The log of a file that was replaced; it outlives its handles.
  struct orphan {
    std::string path;
    file_identity main;
    file_identity log;
    std::string header;

    bool is_there() const;
  };

  mutable std::mutex mutex_;
  std::list<sqlite_files> open_;
  std::optional<orphan> orphan_;
};

/// Minds the files of one connection, those that are attached to it included. A
/// database in memory has none.
///
/// Thread-safety: none.
class sqlite_file_watch {
public:
  explicit sqlite_file_watch(sqlite_file_book& book) : book_(book) {
    // nop
  }

  ~sqlite_file_watch() {
    end();
  }

  sqlite_file_watch(const sqlite_file_watch&) = delete;
  sqlite_file_watch& operator=(const sqlite_file_watch&) = delete;

  /// Minds the files of this handle from now on.
  void begin(sqlite3* db, const std::string& path);
  void end();

  /// Takes note of what was attached or detached since.
  void look_at_attached(sqlite3* db);

  /// As those of `sqlite_files`, at a microsecond or two each.
  std::string change();
  bool log_is_foreign() const;
  void look_at_log();

private:
  void enter(sqlite_files x);
  void leave();

  sqlite_file_book& book_;
  std::optional<sqlite_files> files_;
  sqlite_file_book::entry entry_;
  std::vector<sqlite_files> attached_;
};

} // namespace caf_pool
