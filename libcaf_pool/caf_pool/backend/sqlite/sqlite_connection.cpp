#include "caf_pool/backend/sqlite/sqlite_connection.hpp"

#include "caf_pool/backend/sqlite/sqlite_error.hpp"

#include <string>
#include <utility>

namespace caf_pool {

namespace {

int exec(sqlite3* db, const char* sql) noexcept {
  return sqlite3_exec(db, sql, nullptr, nullptr, nullptr);
}

} // namespace

sqlite_connection::sqlite_connection(std::shared_ptr<sqlite_shared> shared)
  : shared_(std::move(shared)),
    stopper_(shared_->options.busy_limit),
    statements_(shared_->options.statement_cache, shared_->options.attach),
    files_(shared_->book) {
  // nop
}

sqlite_connection::~sqlite_connection() {
  sqlite_connection::close(never);
}

result<void> sqlite_connection::open(time_point deadline) {
  call limits{*this, deadline};
  auto db = open_sqlite(*shared_, stopper_, deadline);
  if (!db)
    return db.error();
  use(*std::move(db));
  return {};
}

void sqlite_connection::use(sqlite_handle db) {
  db_ = std::move(db);
  statements_.use(db_.get());
  stopper_.aim_at(db_.get());
  if (!shared_->options.in_memory())
    files_.begin(db_.get(), shared_->options.path);
  files_.look_at_attached(db_.get());
}

// -- state -------------------------------------------------------------------

bool sqlite_connection::in_transaction() const noexcept {
  return sqlite3_get_autocommit(db_.get()) == 0;
}

trace sqlite_connection::state() const noexcept {
  if (broken_ || !db_ || stopper_.aborted())
    return trace::broken;
  if (lent_ || lasting_ || restricted_ || rolled_back_ || in_transaction())
    return trace::dirty;
  return trace::clean;
}

error sqlite_connection::unusable(time_point deadline) const {
  if (!db_)
    return {errc::connection_lost, "the connection is closed", {}};
  if (broken_ || stopper_.aborted())
    return {errc::connection_lost,
            "the connection broke in an earlier call; close it",
            {}};
  if (deadline != never && clock::now() >= deadline)
    return {errc::execute_timeout,
            "the deadline had passed when the call began; nothing was done",
            {}};
  return {};
}

result<void> sqlite_connection::probe(time_point deadline) {
  if (auto why = unusable(deadline))
    return why;
  if (auto why = look_at_files(clock::now()))
    return why;
  call limits{*this, deadline, false, false};
  auto& sql = shared_->options.validation_query;
  run now{sql, clock::now(), in_transaction()};
  auto code = exec(db_.get(), sql.c_str());
  if (!now.in_transaction && in_transaction()) {
    roll_back();
    return error{errc::execute_failed,
                 "validation_query leaves a transaction open; make it a SELECT",
                 {}};
  }
  // Who is locked out is alive, too.
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY)
    return {};
  auto why = failure(now, code);
  why.message = "a probe failed: " + why.message;
  return why;
}

result<void> sqlite_connection::restrict_to_reads(time_point deadline) {
  if (auto why = unusable(deadline))
    return why;
  call limits{*this, deadline};
  return set_query_only(true);
}

result<void> sqlite_connection::set_query_only(bool yes) {
  auto sql = yes ? "PRAGMA query_only=1" : "PRAGMA query_only=0";
  run now{sql, clock::now(), in_transaction()};
  if (auto code = exec(db_.get(), sql); code != SQLITE_OK)
    return failure(now, code);
  statements_.restrict(yes);
  restricted_ = yes;
  return {};
}

transaction_status sqlite_connection::transaction() const noexcept {
  if (rolled_back_)
    return transaction_status::failed;
  return db_ && in_transaction() ? transaction_status::open
                                 : transaction_status::none;
}

transaction_ends sqlite_connection::ended_transactions() const noexcept {
  return ends_;
}

// It would go on reading and writing files that nobody sees.
error sqlite_connection::look_at_files(time_point now) {
  looked_ = now;
  auto what = files_.change();
  if (what.empty())
    return {};
  broken_ = true;
  return {errc::connection_lost,
          what + "; nothing was executed, and what was not committed is lost",
          {}};
}

void* sqlite_connection::native_handle() noexcept {
  if (state() == trace::broken)
    return nullptr;
  lent_ = true;
  stopper_.lend(true);
  return db_.get();
}

// -- cancel and abort --------------------------------------------------------

void sqlite_connection::cancel() noexcept {
  stopper_.cancel();
  shared_->writers.wake(this);
}

void sqlite_connection::abort() noexcept {
  stopper_.abort();
  shared_->writers.wake(this);
}

// -- reset -------------------------------------------------------------------

result<void> sqlite_connection::reset(reset_policy policy,
                                      time_point deadline) {
  if (auto why = unusable(deadline))
    return why;
  call limits{*this, deadline};
  if (policy != reset_policy::none) {
    stop_foreign_statements();
    if (auto why = roll_back())
      return why;
  }
  kept_ |= lent_ || lasting_;
  bool thorough
    = policy == reset_policy::automatic || policy == reset_policy::full;
  if (thorough && kept_) {
    if (auto why = renew(deadline))
      return why;
    kept_ = false;
    restricted_ = false;
  } else if (restricted_) {
    if (auto done = set_query_only(false); !done)
      return done;
  }
  if (policy == reset_policy::full)
    sqlite3_set_last_insert_rowid(db_.get(), 0);
  lent_ = false;
  lasting_ = false;
  stopper_.lend(false);
  return {};
}

void sqlite_connection::stop_foreign_statements() noexcept {
  if (!lent_)
    return;
  // They belong to whoever had the handle, who may still finalize them.
  sqlite3_stmt* stmt = nullptr;
  while ((stmt = sqlite3_next_stmt(db_.get(), stmt)) != nullptr)
    if (sqlite3_stmt_busy(stmt))
      sqlite3_reset(stmt);
}

error sqlite_connection::roll_back() {
  rolled_back_ = false;
  ends_ = {};
  if (in_transaction()) {
    run now{"ROLLBACK", clock::now(), true};
    now.traits.transaction = sqlite_traits::control::rollback;
    if (auto code = exec(db_.get(), "ROLLBACK"); code != SQLITE_OK) {
      broken_ = true;
      return failure(now, code);
    }
  }
  stop_writing_if_done();
  return {};
}

// A fresh handle is the only reset that provably leaves nothing: not a setting,
// an attached file or a temporary table, nor what the driver's handle allows
// (functions, hooks, limits). It costs about as much as ten small statements.
error sqlite_connection::renew(time_point deadline) {
  auto fresh = open_sqlite(*shared_, stopper_, deadline);
  if (!fresh) {
    // The old handle may keep the file for itself (locking_mode).
    drop();
    fresh = open_sqlite(*shared_, stopper_, deadline);
  }
  if (!fresh) {
    broken_ = true;
    return fresh.error();
  }
  // The new one first: closing the last handle of a file costs a checkpoint.
  drop();
  use(*std::move(fresh));
  return {};
}

// -- close -------------------------------------------------------------------

void sqlite_connection::stop_writing_if_done() noexcept {
  if (!inside_)
    return;
  if (db_ && in_transaction()
      && sqlite3_txn_state(db_.get(), nullptr) == SQLITE_TXN_WRITE)
    return;
  inside_ = false;
  shared_->writers.leave(this);
}

void sqlite_connection::drop() noexcept {
  if (!db_)
    return;
  stopper_.aim_at(nullptr);
  statements_.use(nullptr);
  // The last to close a file removes what is at the path of its log.
  if (files_.log_is_foreign())
    sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  // SQLite keeps the handle until the last statement that somebody made with
  // it is finalized, which may be after our time.
  sqlite3_progress_handler(db_.get(), 0, nullptr, nullptr);
  sqlite3_busy_handler(db_.get(), nullptr, nullptr);
  sqlite3_set_authorizer(db_.get(), nullptr, nullptr);
  db_ = nullptr;
  files_.end();
}

void sqlite_connection::close(time_point deadline) noexcept {
  if (!db_)
    return;
  {
    call limits{*this, never};
    stop_foreign_statements();
    if (in_transaction())
      exec(db_.get(), "ROLLBACK");
  }
  // Who closes the last handle moves the log into the file, which may take
  // long. The next to open it can do that.
  if (stopper_.aborted() || (deadline != never && clock::now() >= deadline))
    sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  drop();
  stop_writing_if_done();
}

} // namespace caf_pool
