// How a connection of SQLite executes statements.

#include "caf_pool/backend/sqlite/sqlite_connection.hpp"
#include "caf_pool/backend/sqlite/sqlite_error.hpp"
#include "caf_pool/core/duration_text.hpp"

#include <new>
#include <string>
#include <utility>

namespace caf_pool {

namespace {

using control = sqlite_traits::control;
using cause = sqlite_stopper::cause;

/// Copies a cell. Sets `code` if SQLite has no memory left for it.
sql_value read_cell(sqlite3_stmt* stmt, int i, int& code) {
  switch (sqlite3_column_type(stmt, i)) {
    case SQLITE_INTEGER:
      return static_cast<std::int64_t>(sqlite3_column_int64(stmt, i));
    case SQLITE_FLOAT:
      return sqlite3_column_double(stmt, i);
    case SQLITE_TEXT: {
      auto* text = sqlite3_column_text(stmt, i);
      auto n = static_cast<std::size_t>(sqlite3_column_bytes(stmt, i));
      if (text == nullptr) {
        code = SQLITE_NOMEM;
        return sql_null{};
      }
      return std::string(reinterpret_cast<const char*>(text), n);
    }
    case SQLITE_BLOB: {
      auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(stmt, i));
      auto n = static_cast<std::size_t>(sqlite3_column_bytes(stmt, i));
      return blob(bytes, bytes + n);
    }
    default:
      return sql_null{};
  }
}

/// Returns the bytes that a cell holds outside of itself.
std::size_t payload(sqlite3_stmt* stmt, int i) {
  auto type = sqlite3_column_type(stmt, i);
  if (type != SQLITE_TEXT && type != SQLITE_BLOB)
    return 0;
  return static_cast<std::size_t>(sqlite3_column_bytes(stmt, i));
}

// Throws if SQLite has no memory for a name; reading a cell does so, too.
void read_columns(sqlite3_stmt* stmt, sql_result& out) {
  auto n = sqlite3_column_count(stmt);
  for (int i = 0; i < n; ++i) {
    auto* name = sqlite3_column_name(stmt, i);
    if (name == nullptr)
      throw std::bad_alloc{};
    out.columns.emplace_back(name);
  }
}

/// Makes a statement ready for its next use, come what may.
class release_at_end {
public:
  explicit release_at_end(sqlite_prepared& stmt) : stmt_(stmt) {
    // nop
  }

  ~release_at_end() {
    stmt_.release();
  }

  release_at_end(const release_at_end&) = delete;
  release_at_end& operator=(const release_at_end&) = delete;

private:
  sqlite_prepared& stmt_;
};

} // namespace

result<sql_result> sqlite_connection::execute(const sql_statement& what,
                                              time_point deadline) {
  if (auto why = unusable(deadline))
    return why;
  call limits{*this, deadline, true};
  sqlite_statements::guard guard{statements_};
  leave_at_end leave{*this};
  if (lent_) {
    // Whoever has the handle may have put something of his in our place.
    stopper_.install(db_.get());
    statements_.install();
    files_.look_at_attached(db_.get());
  }
  try {
    return carry_out(what, deadline);
  } catch (const std::bad_alloc& ex) {
    // A transaction must not go on without what was cut off here.
    broken_ = true;
    return backend_threw(ex);
  }
}

// -- steps -------------------------------------------------------------------

result<sql_result> sqlite_connection::carry_out(const sql_statement& what,
                                                time_point deadline) {
  run now{what.text, clock::now(), in_transaction()};
  auto rows = step(now, what, deadline);
  note_end(now, rows);
  if (now.traits.immediate) {
    stopper_.install(db_.get());
    files_.look_at_log();
    files_.look_at_attached(db_.get());
  }
  return rows;
}

result<sql_result> sqlite_connection::step(run& now, const sql_statement& what,
                                           time_point deadline) {
  auto stmt = prepare(now);
  if (!stmt)
    return stmt.error();
  if (auto answer = after_rollback(now))
    return *std::move(answer);
  release_at_end release{**stmt};
  if (auto bound = (*stmt)->bind(what.parameters); !bound)
    return bound.error();
  if (auto why = begin_writing(now, deadline))
    return why;
  if (auto why = look_before(now))
    return why;
  lasting_ |= now.traits.lasting;
  return fetch((*stmt)->get(), now);
}

// Before what writes or commits each time, before what reads now and then.
error sqlite_connection::look_before(const run& now) {
  constexpr duration long_ago = std::chrono::milliseconds{100};
  auto commits = now.in_transaction
                 && now.traits.transaction != control::rollback
                 && sqlite3_txn_state(db_.get(), nullptr) == SQLITE_TXN_WRITE;
  auto reads_again = !now.in_transaction && now.began >= looked_ + long_ago;
  if (!now.traits.writes && !commits && !reads_again)
    return {};
  return look_at_files(clock::now());
}

result<sqlite_connection::statement_ptr> sqlite_connection::prepare(run& now) {
  auto what = statements_.prepare(now.text);
  lasting_ |= what.lasting;
  if (what.stmt && what.stmt->traits().plain_begin && !now.in_transaction
      && !restricted_ && !shared_->options.read_only()) {
    // A transaction that begins as a reader cannot wait for its turn to write
    // later: SQLite fails it at once if somebody else wrote meanwhile.
    what = statements_.prepare("BEGIN IMMEDIATE");
  }
  if (!what.refusal.empty())
    return error{errc::invalid_argument, std::move(what.refusal), {}};
  if (!what.stmt)
    return failure(now, what.code);
  now.traits = what.stmt->traits();
  return std::move(what.stmt);
}

std::optional<result<sql_result>> sqlite_connection::after_rollback(
  const run& now) {
  if (!rolled_back_)
    return std::nullopt;
  auto refusal = [](errc code, std::string text) {
    return error{code, std::move(text),
                 sqlite_code_name(SQLITE_ABORT_ROLLBACK)};
  };
  if (now.traits.transaction == control::none)
    return refusal(errc::execute_failed,
                   "an earlier error rolled the transaction back; nothing is "
                   "executed until ROLLBACK or a new BEGIN");
  rolled_back_ = false;
  ++ends_.rolled_back;
  if (now.traits.transaction == control::begin)
    return std::nullopt;
  if (now.traits.transaction == control::commit)
    return refusal(errc::rolled_back,
                   "nothing was committed: an earlier error rolled the "
                   "transaction back");
  return sql_result{};
}

error sqlite_connection::begin_writing(const run& now, time_point deadline) {
  if (!now.traits.writes || inside_)
    return {};
  auto& writers = shared_->writers;
  switch (sqlite3_txn_state(db_.get(), nullptr)) {
    case SQLITE_TXN_WRITE:
      // Begun with the bare handle. Waiting here with the lock in hand would
      // block whoever is inside.
      return {};
    case SQLITE_TXN_READ:
      inside_ = writers.try_enter(this);
      if (inside_)
        return {};
      return {errc::execute_failed,
              "another connection is writing, and a transaction that began as "
              "a reader cannot wait for it; roll back and begin with BEGIN or "
              "BEGIN IMMEDIATE, which wait",
              sqlite_code_name(SQLITE_BUSY)};
    default:
      inside_ = writers.enter(this, deadline,
                              [this] { return stopper_.why() != cause::none; });
      if (inside_)
        return {};
      break;
  }
  auto why = stopper_.why();
  if (why != cause::deadline)
    return stopped(now, why, SQLITE_BUSY);
  auto spent = to_rough_text(clock::now() - now.began);
  return {errc::execute_timeout,
          "the statement waited " + spent
            + " for its turn to write: another connection of this pool has "
              "been writing for "
            + to_rough_text(writers.occupied_for()) + " and "
            + std::to_string(writers.waiting())
            + " more wait; keep transactions that write short",
          sqlite_code_name(SQLITE_BUSY)};
}

result<sql_result> sqlite_connection::fetch(sqlite3_stmt* stmt,
                                            const run& now) {
  sql_result out;
  std::uint64_t bytes = 0;
  error overflow;
  auto changes = sqlite3_total_changes64(db_.get());
  int code = SQLITE_OK;
  while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
    if (overflow)
      continue;
    if (out.columns.empty())
      read_columns(stmt, out);
    overflow = read_row(stmt, now, out, bytes);
    // What writes is brought to its end: its effect would not be known.
    if (overflow && !now.traits.writes)
      return overflow;
  }
  if (code != SQLITE_DONE)
    return failure(now, code);
  if (overflow)
    return overflow;
  if (out.columns.empty())
    read_columns(stmt, out);
  // Statements that count nothing leave the count of the last one.
  if (sqlite3_total_changes64(db_.get()) != changes)
    out.affected = static_cast<std::uint64_t>(sqlite3_changes64(db_.get()));
  return out;
}

error sqlite_connection::read_row(sqlite3_stmt* stmt, const run& now,
                                  sql_result& out, std::uint64_t& bytes) {
  auto n = static_cast<int>(out.columns.size());
  int code = SQLITE_OK;
  for (int i = 0; i < n; ++i) {
    bytes += sizeof(sql_value) + payload(stmt, i);
    if (bytes > shared_->options.max_result_bytes) {
      out = {};
      return too_large(now);
    }
    out.cells.push_back(read_cell(stmt, i, code));
  }
  return code == SQLITE_OK ? error{} : failure(now, code);
}

// -- errors ------------------------------------------------------------------

error sqlite_connection::failure(const run& now, int code) {
  auto why = stopper_.why();
  bool waited = sqlite_primary(code) == SQLITE_BUSY
                && code != SQLITE_BUSY_SNAPSHOT && why != cause::none;
  error what;
  if (waited || sqlite_primary(code) == SQLITE_INTERRUPT) {
    what = stopped(now, why, code);
  } else {
    what.code = errc::execute_failed;
    what.state = sqlite_code_name(code);
    what.message = sqlite3_errmsg(db_.get());
    if (auto denial = statements_.denial(); code == SQLITE_AUTH)
      what.message += ": " + std::string{denial};
    if (auto at = sqlite3_error_offset(db_.get()); at >= 0)
      what.message += ", at byte " + std::to_string(at);
    if (auto advice = sqlite_advice(code); !advice.empty())
      what.message += "; " + std::string{advice};
  }
  if (!sqlite_survives(code)) {
    broken_ = true;
    bool commits = now.traits.transaction == control::commit
                   || (now.traits.writes && !now.in_transaction);
    what.code = commits ? errc::outcome_unknown : errc::connection_lost;
  }
  return what;
}

error sqlite_connection::stopped(const run& now, cause why, int code) const {
  auto spent = to_rough_text(clock::now() - now.began);
  auto name = sqlite_code_name(code);
  switch (why) {
    case cause::abort:
      return {errc::connection_lost,
              "the connection was aborted, " + spent
                + " after the statement began",
              std::move(name)};
    case cause::deadline:
      if (sqlite_primary(code) == SQLITE_BUSY)
        return {errc::execute_timeout,
                "the statement waited " + spent
                  + " for a lock that another process holds, or somebody with "
                    "a bare handle; end that transaction",
                std::move(name)};
      return {errc::execute_timeout,
              "the statement was stopped at its deadline after " + spent
                + "; make it cheaper, or raise execute_timeout",
              std::move(name)};
    case cause::cancel:
    case cause::none:
      break;
  }
  return {errc::cancelled, "the statement was cancelled after " + spent,
          std::move(name)};
}

error sqlite_connection::too_large(const run& now) const {
  auto str = "the result exceeds max_result_bytes = "
             + std::to_string(shared_->options.max_result_bytes);
  str += now.traits.writes ? "; the statement took effect nevertheless"
                           : "; fetch less, or in parts, or raise the limit";
  return {errc::result_too_large, std::move(str), {}};
}

void sqlite_connection::note_end(const run& now, result<sql_result>& outcome) {
  if (!now.in_transaction || in_transaction())
    return;
  auto what = now.traits.transaction;
  if (outcome) {
    ++(what == control::rollback ? ends_.rolled_back : ends_.committed);
    return;
  }
  auto why = outcome.error();
  if (what != control::rollback)
    why.message += "; the whole transaction was rolled back";
  if (what == control::rollback || what == control::commit) {
    ++ends_.rolled_back;
  } else {
    // Its other statements must not be committed one by one now.
    rolled_back_ = true;
    why.message += ", and nothing is executed until ROLLBACK";
  }
  outcome = std::move(why);
}

} // namespace caf_pool
