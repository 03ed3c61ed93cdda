#include "failing_sqlite.hpp"

#include "support/catch_compat.hpp"

#include <atomic>

namespace caf_pool::test {

namespace {

/// Counts calls and tells which one fails.
struct fuse {
  std::atomic<std::uint64_t> calls = 0;
  std::atomic<std::uint64_t> nth = 0;
  std::atomic<bool> for_good = false;
  std::atomic<bool> blown = false;

  void arm(std::uint64_t n, bool ever) {
    calls = 0;
    nth = n;
    for_good = ever;
    blown = false;
  }

  bool blows() {
    auto limit = nth.load();
    if (limit == 0)
      return false;
    auto n = ++calls;
    if (n < limit || (n > limit && !for_good))
      return false;
    blown = true;
    return true;
  }
};

fuse files;
fuse memory;

// -- files -------------------------------------------------------------------

sqlite3_vfs* real_vfs = nullptr;

/// Our file in front of the real one, which lies behind it in memory.
struct failing_file {
  sqlite3_file base;

  sqlite3_file* real() {
    return reinterpret_cast<sqlite3_file*>(this + 1);
  }
};

sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<failing_file*>(file)->real();
}

/// Passes a call on, unless it is its turn to fail.
template <auto Method, int Code, class... Ts>
int pass(sqlite3_file* file, Ts... xs) {
  if (Code != SQLITE_OK && files.blows())
    return Code;
  auto* target = real(file);
  return (target->pMethods->*Method)(target, xs...);
}

using io = sqlite3_io_methods;

int shm_lock(sqlite3_file* file, int offset, int n, int flags) {
  // Giving a lock back cannot fail; SQLite does not even look.
  if ((flags & SQLITE_SHM_LOCK) != 0 && files.blows())
    return SQLITE_IOERR_SHMLOCK;
  return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}

void shm_barrier(sqlite3_file* file) {
  real(file)->pMethods->xShmBarrier(real(file));
}

const io* methods() {
  static const io table = [] {
    io x{};
    x.iVersion = 2;
    x.xClose = pass<&io::xClose, SQLITE_OK>;
    x.xRead = pass<&io::xRead, SQLITE_IOERR_READ, void*, int, sqlite3_int64>;
    x.xWrite = pass<&io::xWrite, SQLITE_FULL, const void*, int, sqlite3_int64>;
    x.xTruncate = pass<&io::xTruncate, SQLITE_IOERR_TRUNCATE, sqlite3_int64>;
    x.xSync = pass<&io::xSync, SQLITE_IOERR_FSYNC, int>;
    x.xFileSize = pass<&io::xFileSize, SQLITE_IOERR_FSTAT, sqlite3_int64*>;
    x.xLock = pass<&io::xLock, SQLITE_IOERR_LOCK, int>;
    x.xUnlock = pass<&io::xUnlock, SQLITE_OK, int>;
    x.xCheckReservedLock
      = pass<&io::xCheckReservedLock, SQLITE_IOERR_CHECKRESERVEDLOCK, int*>;
    x.xFileControl = pass<&io::xFileControl, SQLITE_OK, int, void*>;
    x.xSectorSize = pass<&io::xSectorSize, SQLITE_OK>;
    x.xDeviceCharacteristics = pass<&io::xDeviceCharacteristics, SQLITE_OK>;
    x.xShmMap
      = pass<&io::xShmMap, SQLITE_IOERR_SHMMAP, int, int, int, void volatile**>;
    x.xShmLock = shm_lock;
    x.xShmBarrier = shm_barrier;
    x.xShmUnmap = pass<&io::xShmUnmap, SQLITE_OK, int>;
    return x;
  }();
  return &table;
}

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags,
              int* out) {
  file->pMethods = nullptr;
  if (files.blows())
    return SQLITE_CANTOPEN;
  auto code = real_vfs->xOpen(real_vfs, name, real(file), flags, out);
  if (real(file)->pMethods != nullptr)
    file->pMethods = methods();
  return code;
}

int delete_file(sqlite3_vfs*, const char* name, int sync) {
  return files.blows() ? SQLITE_IOERR_DELETE
                       : real_vfs->xDelete(real_vfs, name, sync);
}

int access_file(sqlite3_vfs*, const char* name, int flags, int* out) {
  return files.blows() ? SQLITE_IOERR_ACCESS
                       : real_vfs->xAccess(real_vfs, name, flags, out);
}

sqlite3_vfs* failing_vfs() {
  static sqlite3_vfs vfs = [] {
    real_vfs = sqlite3_vfs_find(nullptr);
    auto x = *real_vfs;
    x.pNext = nullptr;
    x.zName = "failing";
    x.szOsFile += static_cast<int>(sizeof(failing_file));
    x.xOpen = open_file;
    x.xDelete = delete_file;
    x.xAccess = access_file;
    return x;
  }();
  return &vfs;
}

// -- memory ------------------------------------------------------------------

sqlite3_mem_methods real_memory{};

void* allocate(int n) {
  return memory.blows() ? nullptr : real_memory.xMalloc(n);
}

void* reallocate(void* p, int n) {
  return memory.blows() ? nullptr : real_memory.xRealloc(p, n);
}

} // namespace

failing_files::failing_files(std::uint64_t nth, bool for_good) {
  auto* vfs = failing_vfs();
  files.arm(nth, for_good);
  REQUIRE(sqlite3_vfs_register(vfs, 1) == SQLITE_OK);
}

failing_files::~failing_files() {
  stop();
  sqlite3_vfs_unregister(failing_vfs());
}

void failing_files::stop() {
  files.nth = 0;
}

bool failing_files::failed() const {
  return files.blown;
}

failing_memory::failing_memory(std::uint64_t nth, bool for_good) {
  REQUIRE(sqlite3_shutdown() == SQLITE_OK);
  REQUIRE(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &before_) == SQLITE_OK);
  real_memory = before_;
  auto mine = before_;
  mine.xMalloc = allocate;
  mine.xRealloc = reallocate;
  memory.arm(0, false);
  REQUIRE(sqlite3_config(SQLITE_CONFIG_MALLOC, &mine) == SQLITE_OK);
  REQUIRE(sqlite3_initialize() == SQLITE_OK);
  memory.arm(nth, for_good);
}

failing_memory::~failing_memory() {
  stop();
  sqlite3_shutdown();
  sqlite3_config(SQLITE_CONFIG_MALLOC, &before_);
  sqlite3_initialize();
}

void failing_memory::stop() {
  memory.nth = 0;
}

bool failing_memory::failed() const {
  return memory.blown;
}

} // namespace caf_pool::test
