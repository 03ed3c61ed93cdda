#include "caf_pool/backend/sqlite/sqlite_files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>

namespace caf_pool {

namespace {

/// No database that holds anything is smaller.
constexpr off_t smallest_page = 512;

/// Those before are "main" and "temp".
constexpr int first_attached = 2;

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

/// Returns the path of an attached database; null if it is in memory, where it
/// may have one, too.
const char* path_of(sqlite3* db, const char* schema) {
  auto* path = sqlite3_db_filename(db, schema);
  if (path == nullptr || *path == '\0')
    return nullptr;
  sqlite3_vfs* vfs = nullptr;
  if (sqlite3_file_control(db, schema, SQLITE_FCNTL_VFS_POINTER, &vfs)
        == SQLITE_OK
      && vfs != nullptr && std::string_view{vfs->zName} == "memdb")
    return nullptr;
  return path;
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

sqlite_files sqlite_files::of(sqlite3* db, const std::string& path,
                              const char* schema) {
  sqlite_files result;
  result.path = path;
  auto* name = sqlite3_db_filename(db, schema);
  result.real_path = name != nullptr && *name != '\0' ? name : path;
  struct stat found {};
  if (::lstat(result.real_path.c_str(), &found) == 0) {
    result.main = identity_of(found);
    result.filled = found.st_size >= smallest_page;
  }
  // It may have been replaced since it was opened: then nothing fits. SQLite
  // follows a link that was put in its place.
  int moved = 0;
  if ((sqlite3_file_control(db, schema, SQLITE_FCNTL_HAS_MOVED, &moved)
         == SQLITE_OK
       && moved != 0)
      || S_ISLNK(found.st_mode))
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
  leave();
  entry_ = book_.enter(x);
  files_ = std::move(x);
}

void sqlite_file_watch::begin(sqlite3* db, const std::string& path) {
  enter(sqlite_files::of(db, path));
}

void sqlite_file_watch::leave() {
  if (files_)
    book_.leave(entry_);
  files_.reset();
}

void sqlite_file_watch::end() {
  leave();
  attached_.clear();
}

void sqlite_file_watch::look_at_attached(sqlite3* db) {
  std::vector<sqlite_files> all;
  for (int i = first_attached; auto* name = sqlite3_db_name(db, i); ++i) {
    auto* path = path_of(db, name);
    if (path == nullptr)
      continue;
    auto now = sqlite_files::of(db, path, name);
    auto same = [&](const sqlite_files& x) {
      return x.real_path == now.real_path && x.main == now.main;
    };
    auto known = std::find_if(attached_.begin(), attached_.end(), same);
    all.push_back(known != attached_.end() ? *known : std::move(now));
  }
  attached_ = std::move(all);
}

std::string sqlite_file_watch::change() {
  auto what = files_ ? files_->change() : std::string{};
  for (auto& x : attached_)
    if (what.empty())
      what = x.change();
  return what;
}

bool sqlite_file_watch::log_is_foreign() const {
  return (files_ && files_->log_is_foreign())
         || std::any_of(attached_.begin(), attached_.end(),
                        [](auto& x) { return x.log_is_foreign(); });
}

void sqlite_file_watch::look_at_log() {
  for (auto& x : attached_)
    x.look_at_log();
  if (!files_)
    return;
  auto x = *files_;
  x.look_at_log();
  enter(std::move(x));
}

} // namespace caf_pool
