#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/backend/sqlite/sqlite_files.hpp"
#include "caf_pool/backend/sqlite/sqlite_handle.hpp"
#include "caf_pool/backend/sqlite/sqlite_statements.hpp"
#include "caf_pool/backend/sqlite/sqlite_stopper.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace caf_pool {

/// One handle of a database file. What it promises beyond the contract is in
/// sqlite.hpp.
class sqlite_connection : public connection {
public:
  explicit sqlite_connection(std::shared_ptr<sqlite_shared> shared);

  ~sqlite_connection() override;

  /// To be called once, before anything else.
  result<void> open(time_point deadline);

  result<void> probe(time_point deadline) override;
  result<void> reset(reset_policy policy, time_point deadline) override;
  result<sql_result> execute(const sql_statement& what,
                             time_point deadline) override;
  result<void> restrict_to_reads(time_point deadline) override;
  trace state() const noexcept override;
  transaction_status transaction() const noexcept override;
  transaction_ends ended_transactions() const noexcept override;
  void cancel() noexcept override;
  void abort() noexcept override;
  void close(time_point deadline) noexcept override;
  void* native_handle() noexcept override;

  /// SQLite's handle, or null if the connection is broken. Whoever takes it may
  /// leave anything behind: the connection is reset afterwards.
  sqlite3* native() noexcept {
    return static_cast<sqlite3*>(native_handle());
  }

private:
  using statement_ptr = std::shared_ptr<sqlite_prepared>;

  /// Keeps the limits of one call.
  class call {
  public:
    call(sqlite_connection& self, time_point deadline, bool cancellable = false,
         bool patient = true)
      : stopper_(self.stopper_) {
      stopper_.begin(deadline, cancellable, patient);
    }

    ~call() {
      stopper_.end();
    }

    call(const call&) = delete;
    call& operator=(const call&) = delete;

  private:
    sqlite_stopper& stopper_;
  };

  /// Lets the next one write, however a call ends.
  struct leave_at_end {
    sqlite_connection& self;

    ~leave_at_end() {
      self.stop_writing_if_done();
    }
  };

  /// What is known of a statement that is being executed, for its errors.
  struct run {
    std::string_view text;
    time_point began;
    bool in_transaction = false;
    sqlite_traits traits = {};
  };

  // -- execute (sqlite_execute.cpp) ------------------------------------------

  result<sql_result> carry_out(const sql_statement& what, time_point deadline);
  result<statement_ptr> prepare(run& now);
  result<sql_result> step(run& now, const sql_statement& what,
                          time_point deadline);
  std::optional<result<sql_result>> after_rollback(const run& now);
  error look_before(const run& now);
  error begin_writing(const run& now, time_point deadline);
  result<sql_result> fetch(sqlite3_stmt* stmt, const run& now);
  error read_row(sqlite3_stmt* stmt, const run& now, sql_result& out,
                 std::uint64_t& bytes);

  error failure(const run& now, int code);
  error stopped(const run& now, sqlite_stopper::cause why, int code) const;
  error too_large(const run& now) const;
  void note_end(const run& now, result<sql_result>& outcome);

  // -- the rest --------------------------------------------------------------

  void use(sqlite_handle db);
  error unusable(time_point deadline) const;
  error look_at_files(time_point now);
  bool in_transaction() const noexcept;
  result<void> set_query_only(bool yes);
  void stop_writing_if_done() noexcept;
  error roll_back();
  error renew(time_point deadline);
  void stop_foreign_statements() noexcept;
  void drop() noexcept;

  std::shared_ptr<sqlite_shared> shared_;
  sqlite_stopper stopper_;
  sqlite_statements statements_;
  sqlite_handle db_;
  sqlite_file_watch files_;
  /// When the files were looked at.
  time_point looked_{};
  transaction_ends ends_;
  bool broken_ = false;
  /// Inside the writers' queue.
  bool inside_ = false;
  bool restricted_ = false;
  /// Somebody has, or had, the bare handle.
  bool lent_ = false;
  /// Something outlives the statements that were executed.
  bool lasting_ = false;
  /// Traces that a reset left in place because its policy said so.
  bool kept_ = false;
  /// SQLite rolled a transaction back by itself, and its owner did not say yet
  /// that he knows.
  bool rolled_back_ = false;
};

} // namespace caf_pool
