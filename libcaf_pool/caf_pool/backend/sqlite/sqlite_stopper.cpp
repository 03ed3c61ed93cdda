#include "caf_pool/backend/sqlite/sqlite_stopper.hpp"

#include <algorithm>

namespace caf_pool {

namespace {

/// Steps of the virtual machine between two looks at the clock: some 10 us.
constexpr int steps_per_look = 1000;

} // namespace

sqlite_stopper::sqlite_stopper(duration busy_limit) : busy_limit_(busy_limit) {
  // nop
}

void sqlite_stopper::install(sqlite3* db) {
  sqlite3_progress_handler(db, steps_per_look, on_progress, this);
  sqlite3_busy_handler(db, on_busy, this);
}

void sqlite_stopper::aim_at(sqlite3* db) {
  std::lock_guard guard{mutex_};
  target_ = db;
}

void sqlite_stopper::lend(bool yes) {
  std::lock_guard guard{mutex_};
  lent_ = yes;
}

void sqlite_stopper::begin(time_point deadline, bool cancellable,
                           bool patient) {
  std::lock_guard guard{mutex_};
  deadline_ = deadline;
  patient_ = patient;
  cancelled_ = false;
  calling_ = true;
  cancellable_ = cancellable;
}

void sqlite_stopper::end() {
  std::lock_guard guard{mutex_};
  deadline_ = never;
  patient_ = true;
  cancelled_ = false;
  calling_ = false;
  cancellable_ = false;
}

void sqlite_stopper::cancel() noexcept {
  std::lock_guard guard{mutex_};
  // Outside of calls there is nothing to stop, and the flag must not stay.
  if (cancellable_)
    cancelled_ = true;
  else if (calling_ || !lent_)
    return;
  // SQLite forgets an interrupt when the next statement begins.
  if (target_ != nullptr)
    sqlite3_interrupt(target_);
  stopped_.notify_all();
}

void sqlite_stopper::abort() noexcept {
  std::lock_guard guard{mutex_};
  aborted_ = true;
  if (target_ != nullptr)
    sqlite3_interrupt(target_);
  stopped_.notify_all();
}

bool sqlite_stopper::aborted() const noexcept {
  return aborted_;
}

sqlite_stopper::cause sqlite_stopper::why() const noexcept {
  if (aborted_)
    return cause::abort;
  if (cancelled_)
    return cause::cancel;
  if (deadline_ != never && clock::now() >= deadline_)
    return cause::deadline;
  return cause::none;
}

int sqlite_stopper::on_progress(void* self) {
  return static_cast<sqlite_stopper*>(self)->why() != cause::none;
}

int sqlite_stopper::on_busy(void* self, int tries) {
  return static_cast<sqlite_stopper*>(self)->wait_for_lock(tries);
}

bool sqlite_stopper::wait_for_lock(int tries) {
  using std::chrono::milliseconds;
  std::unique_lock guard{mutex_};
  if (!patient_)
    return false;
  // Who has the handle and calls SQLite himself has no deadline with us.
  if (!calling_ && tries == 0)
    lent_deadline_ = add_saturated(clock::now(), busy_limit_);
  auto deadline = calling_ ? deadline_ : lent_deadline_;
  auto now = clock::now();
  if (why() != cause::none || now >= deadline)
    return false;
  // Nobody tells when the lock of another process ends: SQLite has to look
  // again, at first soon, then every 32 ms.
  auto nap = milliseconds{1 << std::min(tries, 5)};
  stopped_.wait_until(guard, std::min(deadline, now + nap));
  return why() == cause::none;
}

} // namespace caf_pool
