#include "caf_pool/backend/sqlite/sqlite_error.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace caf_pool {

namespace {

struct code_name {
  int code;
  std::string_view name;
};

#define CAF_POOL_SQLITE_CODE(name)                                             \
  code_name {                                                                  \
    SQLITE_##name, "SQLITE_" #name                                             \
  }

constexpr std::array codes{
  CAF_POOL_SQLITE_CODE(ERROR),
  CAF_POOL_SQLITE_CODE(INTERNAL),
  CAF_POOL_SQLITE_CODE(PERM),
  CAF_POOL_SQLITE_CODE(ABORT),
  CAF_POOL_SQLITE_CODE(BUSY),
  CAF_POOL_SQLITE_CODE(LOCKED),
  CAF_POOL_SQLITE_CODE(NOMEM),
  CAF_POOL_SQLITE_CODE(READONLY),
  CAF_POOL_SQLITE_CODE(INTERRUPT),
  CAF_POOL_SQLITE_CODE(IOERR),
  CAF_POOL_SQLITE_CODE(CORRUPT),
  CAF_POOL_SQLITE_CODE(NOTFOUND),
  CAF_POOL_SQLITE_CODE(FULL),
  CAF_POOL_SQLITE_CODE(CANTOPEN),
  CAF_POOL_SQLITE_CODE(PROTOCOL),
  CAF_POOL_SQLITE_CODE(EMPTY),
  CAF_POOL_SQLITE_CODE(SCHEMA),
  CAF_POOL_SQLITE_CODE(TOOBIG),
  CAF_POOL_SQLITE_CODE(CONSTRAINT),
  CAF_POOL_SQLITE_CODE(MISMATCH),
  CAF_POOL_SQLITE_CODE(MISUSE),
  CAF_POOL_SQLITE_CODE(NOLFS),
  CAF_POOL_SQLITE_CODE(AUTH),
  CAF_POOL_SQLITE_CODE(FORMAT),
  CAF_POOL_SQLITE_CODE(RANGE),
  CAF_POOL_SQLITE_CODE(NOTADB),
  CAF_POOL_SQLITE_CODE(ERROR_MISSING_COLLSEQ),
  CAF_POOL_SQLITE_CODE(ERROR_RETRY),
  CAF_POOL_SQLITE_CODE(ERROR_SNAPSHOT),
  CAF_POOL_SQLITE_CODE(IOERR_READ),
  CAF_POOL_SQLITE_CODE(IOERR_SHORT_READ),
  CAF_POOL_SQLITE_CODE(IOERR_WRITE),
  CAF_POOL_SQLITE_CODE(IOERR_FSYNC),
  CAF_POOL_SQLITE_CODE(IOERR_DIR_FSYNC),
  CAF_POOL_SQLITE_CODE(IOERR_TRUNCATE),
  CAF_POOL_SQLITE_CODE(IOERR_FSTAT),
  CAF_POOL_SQLITE_CODE(IOERR_UNLOCK),
  CAF_POOL_SQLITE_CODE(IOERR_RDLOCK),
  CAF_POOL_SQLITE_CODE(IOERR_DELETE),
  CAF_POOL_SQLITE_CODE(IOERR_BLOCKED),
  CAF_POOL_SQLITE_CODE(IOERR_NOMEM),
  CAF_POOL_SQLITE_CODE(IOERR_ACCESS),
  CAF_POOL_SQLITE_CODE(IOERR_CHECKRESERVEDLOCK),
  CAF_POOL_SQLITE_CODE(IOERR_LOCK),
  CAF_POOL_SQLITE_CODE(IOERR_CLOSE),
  CAF_POOL_SQLITE_CODE(IOERR_DIR_CLOSE),
  CAF_POOL_SQLITE_CODE(IOERR_SHMOPEN),
  CAF_POOL_SQLITE_CODE(IOERR_SHMSIZE),
  CAF_POOL_SQLITE_CODE(IOERR_SHMLOCK),
  CAF_POOL_SQLITE_CODE(IOERR_SHMMAP),
  CAF_POOL_SQLITE_CODE(IOERR_SEEK),
  CAF_POOL_SQLITE_CODE(IOERR_DELETE_NOENT),
  CAF_POOL_SQLITE_CODE(IOERR_MMAP),
  CAF_POOL_SQLITE_CODE(IOERR_GETTEMPPATH),
  CAF_POOL_SQLITE_CODE(IOERR_CONVPATH),
  CAF_POOL_SQLITE_CODE(IOERR_VNODE),
  CAF_POOL_SQLITE_CODE(IOERR_AUTH),
  CAF_POOL_SQLITE_CODE(IOERR_BEGIN_ATOMIC),
  CAF_POOL_SQLITE_CODE(IOERR_COMMIT_ATOMIC),
  CAF_POOL_SQLITE_CODE(IOERR_ROLLBACK_ATOMIC),
  CAF_POOL_SQLITE_CODE(IOERR_DATA),
  CAF_POOL_SQLITE_CODE(IOERR_CORRUPTFS),
  CAF_POOL_SQLITE_CODE(LOCKED_SHAREDCACHE),
  CAF_POOL_SQLITE_CODE(LOCKED_VTAB),
  CAF_POOL_SQLITE_CODE(BUSY_RECOVERY),
  CAF_POOL_SQLITE_CODE(BUSY_SNAPSHOT),
  CAF_POOL_SQLITE_CODE(BUSY_TIMEOUT),
  CAF_POOL_SQLITE_CODE(CANTOPEN_NOTEMPDIR),
  CAF_POOL_SQLITE_CODE(CANTOPEN_ISDIR),
  CAF_POOL_SQLITE_CODE(CANTOPEN_FULLPATH),
  CAF_POOL_SQLITE_CODE(CANTOPEN_CONVPATH),
  CAF_POOL_SQLITE_CODE(CANTOPEN_DIRTYWAL),
  CAF_POOL_SQLITE_CODE(CANTOPEN_SYMLINK),
  CAF_POOL_SQLITE_CODE(CORRUPT_VTAB),
  CAF_POOL_SQLITE_CODE(CORRUPT_SEQUENCE),
  CAF_POOL_SQLITE_CODE(CORRUPT_INDEX),
  CAF_POOL_SQLITE_CODE(READONLY_RECOVERY),
  CAF_POOL_SQLITE_CODE(READONLY_CANTLOCK),
  CAF_POOL_SQLITE_CODE(READONLY_ROLLBACK),
  CAF_POOL_SQLITE_CODE(READONLY_DBMOVED),
  CAF_POOL_SQLITE_CODE(READONLY_CANTINIT),
  CAF_POOL_SQLITE_CODE(READONLY_DIRECTORY),
  CAF_POOL_SQLITE_CODE(ABORT_ROLLBACK),
  CAF_POOL_SQLITE_CODE(CONSTRAINT_CHECK),
  CAF_POOL_SQLITE_CODE(CONSTRAINT_COMMITHOOK),
  CAF_POOL_SQLITE_CODE(CONSTRAINT_FOREIGNKEY),
  CAF_POOL_SQLITE_CODE(CONSTRAINT_FUNCTION),
  CAF_POOL_SQLITE_CODE(CONSTRAINT_NOTNULL),
  CAF_POOL_SQLITE_CODE(CONSTRAINT_PRIMARYKEY),
  CAF_POOL_SQLITE_CODE(CONSTRAINT_TRIGGER),
  CAF_POOL_SQLITE_CODE(CONSTRAINT_UNIQUE),
  CAF_POOL_SQLITE_CODE(CONSTRAINT_VTAB),
  CAF_POOL_SQLITE_CODE(CONSTRAINT_ROWID),
  CAF_POOL_SQLITE_CODE(CONSTRAINT_PINNED),
  CAF_POOL_SQLITE_CODE(CONSTRAINT_DATATYPE),
};

#undef CAF_POOL_SQLITE_CODE

constexpr std::string_view find_name(int code) noexcept {
  for (auto& x : codes)
    if (x.code == code)
      return x.name;
  return {};
}

} // namespace

std::string sqlite_code_name(int code) {
  if (auto name = find_name(code); !name.empty())
    return std::string{name};
  auto name = find_name(sqlite_primary(code));
  auto str = std::string{name.empty() ? "SQLITE" : name};
  return str + '/' + std::to_string(code);
}

bool sqlite_survives(int code) noexcept {
  if (code == SQLITE_IOERR_NOMEM)
    return true;
  switch (sqlite_primary(code)) {
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_MISUSE:
    case SQLITE_INTERNAL:
      return false;
    default:
      return true;
  }
}

bool sqlite_heals(int code, int system_errno) noexcept {
  switch (sqlite_primary(code)) {
    case SQLITE_CANTOPEN:
      // Without a number it is SQLite's own refusal: a folder, a bad name.
      return system_errno == EMFILE || system_errno == ENFILE
             || system_errno == ENOSPC || system_errno == EDQUOT
             || system_errno == ENOMEM || system_errno == EIO
             || system_errno == ESTALE || system_errno == EINTR;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_NOLFS:
    case SQLITE_FORMAT:
      return false;
    default:
      return true;
  }
}

std::string_view sqlite_advice(int code) noexcept {
  if (code == SQLITE_BUSY_SNAPSHOT)
    return "the transaction began as a reader and somebody wrote since; roll "
           "back and begin with BEGIN or BEGIN IMMEDIATE, which wait";
  switch (sqlite_primary(code)) {
    case SQLITE_BUSY:
      return "another handle or process locks the database; end its "
             "transaction, or begin with BEGIN IMMEDIATE, which waits";
    case SQLITE_LOCKED:
      return "a statement of this very connection is still reading that table";
    case SQLITE_READONLY:
      return "the connection is for reading only: by the lease, by mode = "
             "\"read\" or by the rights of the file or its folder";
    case SQLITE_FULL:
      return "free some space, or raise PRAGMA max_page_count";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "run PRAGMA integrity_check and restore a backup";
    case SQLITE_IOERR:
      return "look at the disk and the kernel's log";
    case SQLITE_NOMEM:
      return "the process is out of memory";
    default:
      return {};
  }
}

} // namespace caf_pool
