#include "caf_pool/backend/sqlite_files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

namespace caf_pool {

namespace {

/// No database that holds anything is smaller.
constexpr off_t smallest_page = 512;

file_identity identity_of(const struct stat& x) noexcept {
  return {x.st_dev, x.st_ino};
}

/// Does not follow a symbolic link at the end of the path.
std::optional<file_identity> at(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0)
    return std::nullopt;
  return identity_of(found);
}

std::string log_of(const std::string& path) {
  return path + "-wal";
}

std::string index_of(const std::string& path) {
  return path + "-shm";
}

/// Returns the beginning of a log, which holds its salt.
std::string header_of(const std::string& path) {
  std::string result(32, '\0');
  std::ifstream in{path, std::ios::binary};
  in.read(result.data(), static_cast<std::streamsize>(result.size()));
  return result;
}

std::string in_quotes(const std::string& path) {
  return '"' + path + '"';
}

/// Says what to do about a log that belongs to the file before.
std::string stale_log(const std::string& path) {
  return "; the write-ahead log beside it, " + in_quotes(log_of(path))
         + ", still belongs to the file that was there before: to put another "
           "file in its place, stop everything that uses it and remove "
           "\"-wal\" and \"-shm\" first";
}

} // namespace

sqlite_files sqlite_files::of(sqlite3* db, const std::string& path) {
  sqlite_files result;
  result.path = path;
  auto* name = sqlite3_db_filename(db, "main");
  result.real_path = name != nullptr && *name != '\0' ? name : path;
  struct stat found {};
  if (::lstat(result.real_path.c_str(), &found) == 0) {
    result.main = identity_of(found);
    result.filled = found.st_size >= smallest_page;
  }
  // It may have been replaced since it was opened: then nothing fits.
  int moved = 0;
  if (sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &moved)
        == SQLITE_OK
      && moved != 0)
    result.main = {};
  result.look_at_log();
  return result;
}

void sqlite_files::look_at_log() {
  log = at(log_of(real_path));
  index = at(index_of(real_path));
}

std::string sqlite_files::change() {
  struct stat found {};
  if (::lstat(real_path.c_str(), &found) != 0)
    return in_quotes(real_path)
           + " was moved or deleted since the connection was opened";
  if (identity_of(found) != main) {
    auto text
      = in_quotes(real_path) + " was replaced since the connection was opened";
    if (log && at(log_of(real_path)) == log)
      text += stale_log(real_path);
    return text;
  }
  if (filled && found.st_size < smallest_page)
    return in_quotes(real_path)
           + " was emptied by somebody who is not SQLite; restore a backup";
  filled = found.st_size >= smallest_page;
  // A link in the path may lead to another file by now.
  struct stat target {};
  if (path != real_path
      && (::stat(path.c_str(), &target) != 0 || identity_of(target) != main))
    return in_quotes(path) + " leads to another file than "
           + in_quotes(real_path)
           + ", which the connection has open, or to none";
  if ((log && at(log_of(real_path)) != log)
      || (index && at(index_of(real_path)) != index))
    return "the write-ahead log of " + in_quotes(real_path)
           + " (\"-wal\", \"-shm\") was moved, deleted or replaced since the "
             "connection was opened; never touch it while somebody uses the "
             "file";
  return {};
}

bool sqlite_files::log_is_foreign() const {
  auto now = at(log_of(real_path));
  return log && now && now != log;
}

bool sqlite_file_book::orphan::is_there() const {
  // A new log may have the same inode, but not the same salt.
  return at(log_of(path)) == log && header_of(log_of(path)) == header;
}

error sqlite_file_book::objection(const std::string& path) const {
  std::lock_guard guard{mutex_};
  if (open_.empty() && !orphan_)
    return {};
  std::error_code ec;
  auto real = std::filesystem::canonical(path, ec).string();
  auto main = ec ? std::nullopt : at(real);
  if (!main)
    return {};
  auto stale = [&](const sqlite_files& x) {
    return x.real_path == real && x.main != *main && x.log
           && at(log_of(real)) == x.log;
  };
  auto in_use = std::any_of(open_.begin(), open_.end(), stale);
  if (!in_use
      && !(orphan_ && orphan_->path == real && orphan_->main != *main
           && orphan_->is_there()))
    return {};
  return {errc::open_failed,
          in_quotes(real) + " was replaced and is not opened" + stale_log(real),
          {}};
}

sqlite_file_book::entry sqlite_file_book::enter(const sqlite_files& x) {
  std::lock_guard guard{mutex_};
  return open_.insert(open_.end(), x);
}

void sqlite_file_book::leave(entry x) {
  std::lock_guard guard{mutex_};
  auto main = at(x->real_path);
  if (main && main != x->main && x->log && at(log_of(x->real_path)) == x->log)
    orphan_ = {x->real_path, x->main, *x->log, header_of(log_of(x->real_path))};
  open_.erase(x);
}

void sqlite_file_watch::enter(sqlite_files x) {
  end();
  entry_ = book_.enter(x);
  files_ = std::move(x);
}

void sqlite_file_watch::begin(sqlite3* db, const std::string& path) {
  enter(sqlite_files::of(db, path));
}

void sqlite_file_watch::end() {
  if (files_)
    book_.leave(entry_);
  files_.reset();
}

std::string sqlite_file_watch::change() {
  return files_ ? files_->change() : std::string{};
}

bool sqlite_file_watch::log_is_foreign() const {
  return files_ && files_->log_is_foreign();
}

void sqlite_file_watch::look_at_log() {
  if (!files_)
    return;
  auto x = *files_;
  x.look_at_log();
  enter(std::move(x));
}

} // namespace caf_pool
