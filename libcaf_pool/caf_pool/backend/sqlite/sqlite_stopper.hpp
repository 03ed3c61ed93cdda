#pragma once

#include "caf_pool/core/time.hpp"

#include <sqlite3.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace caf_pool {

/// Ends the calls of one SQLite connection: at their deadline, by a cancel, by
/// an abort. SQLite asks it every thousand steps of its virtual machine, and
/// while another connection locks the database.
///
/// Thread-safety: `cancel`, `abort` and `aborted` from any thread, the rest
/// from the thread that uses the connection.
class sqlite_stopper {
public:
  /// Why a call has to end.
  enum class cause { none, deadline, cancel, abort };

  /// `patience` is how long a lock is waited for outside of calls, which is by
  /// who has the driver's handle.
  explicit sqlite_stopper(duration busy_limit);

  sqlite_stopper(const sqlite_stopper&) = delete;
  sqlite_stopper& operator=(const sqlite_stopper&) = delete;

  /// Hooks it into a handle.
  void install(sqlite3* db);

  /// Aims `cancel` and `abort` at this handle, which must outlive that; null
  /// for none.
  void aim_at(sqlite3* db);

  /// Tells that somebody has the handle, so that a cancel makes sense even
  /// outside of calls.
  void lend(bool yes);

  /// Begins a call. Only a cancel that comes before `end` hits it. With
  /// `patient` unset, locks are not waited for.
  void begin(time_point deadline, bool cancellable, bool patient);
  void end();

  void cancel() noexcept;
  void abort() noexcept;
  bool aborted() const noexcept;

  /// Returns why the call at hand has to end by now.
  cause why() const noexcept;

  /// Waits a moment before the lock is tried again. Returns false when the call
  /// has to end instead.
  bool wait_for_lock(int tries);

private:
  static int on_progress(void* self);
  static int on_busy(void* self, int tries);

  duration busy_limit_;
  time_point deadline_ = never;
  time_point lent_deadline_ = never;
  bool patient_ = true;
  std::atomic<bool> cancelled_ = false;
  std::atomic<bool> aborted_ = false;

  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  sqlite3* target_ = nullptr;
  bool calling_ = false;
  bool cancellable_ = false;
  bool lent_ = false;
};

} // namespace caf_pool
