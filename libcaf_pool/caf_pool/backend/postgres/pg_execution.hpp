#pragma once

#include "caf_pool/backend/postgres/pg_channel.hpp"
#include "caf_pool/backend/postgres/pg_condition.hpp"
#include "caf_pool/backend/postgres/pg_options.hpp"
#include "caf_pool/backend/postgres/pg_parameters.hpp"
#include "caf_pool/backend/postgres/pg_proofs.hpp"
#include "caf_pool/backend/postgres/pg_reader.hpp"
#include "caf_pool/backend/postgres/pg_server_error.hpp"
#include "caf_pool/backend/postgres/pg_statement_cache.hpp"
#include "caf_pool/backend/postgres/pg_watchdog.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/sql_result.hpp"
#include "caf_pool/core/time.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// What executing a statement needs of its connection.
struct pg_workplace {
  pg_channel& channel;
  pg_watch& watch;
  pg_condition& condition;
  pg_statement_cache& cache;
  pg_parameters& parameters;
  pg_reader& reader;
  const pg_options& options;
  pg_proofs& proofs;
  /// Queries that returned rows, but are not known to be harmless.
  std::vector<pg_question>& questions;
};

/// One run of one statement on a connection that is ready for it: one round
/// trip, plus two the time that a statement is prepared. The watchdog minds the
/// deadline.
///
/// Thread-safety: none.
class pg_execution {
public:
  using entry = pg_statement_cache::entry;

  pg_execution(pg_workplace at, time_point started, time_point deadline)
    : at_(at), started_(started), deadline_(deadline) {
    // nop
  }

  /// Runs the statement. If it fails in a way in which a statement fails that
  /// was prepared before the schema changed, tries again, once and unprepared,
  /// unless a transaction is open: the error says that nothing took effect.
  result<sql_result> run(entry& what);

private:
  result<sql_result> attempt(entry& what);
  void begin_attempt(const entry& what);
  result<sql_result> finish(entry& what, result<sql_result> outcome);
  bool send(const entry& what);

  // -- reading only, see pg_read_only.cpp -------------------------------------

  result<sql_result> run_read_only(entry& what);
  result<sql_result> read_alone(entry& what);
  std::optional<error> skip_beginning();
  std::optional<error> pin();
  std::optional<error> end_reading(const result<sql_result>& outcome);

  // -- preparing, see pg_preparing.cpp ----------------------------------------

  bool worth_preparing(entry& what);
  std::optional<error> prepare(entry& what);
  std::optional<error> infer_types(const entry& what, std::vector<Oid>& types);
  std::optional<error> hold(entry& what, std::vector<Oid> types);
  /// Tells whether statements that the server holds in vain can be dropped.
  bool may_drop() const noexcept;
  bool drop(const std::vector<std::string>& garbage);
  bool uses_prepared(const entry& what) const;
  bool fits(const entry& what, const std::vector<Oid>& types) const;
  bool may_be_outdated(const entry& what) const;
  void outdate(entry& what, std::string_view sqlstate);

  // -- traces -----------------------------------------------------------------

  void note_end(std::string_view text);
  bool proven(entry& what) const;
  bool left_no_trace(bool trusted, bool ok) const;
  void forget_what_changed();
  void ask_about(const entry& what);

  // -- replies ----------------------------------------------------------------

  result<sql_result> collect();
  result<sql_result> confirmed();
  void note_large_buffers();
  std::uint64_t room_for_a_row() const;
  std::optional<error> read_replies();
  std::optional<error> take(const PGresult* portion);
  bool read_flight(const std::function<void(const PGresult*)>& on_result);
  duration time_to_stop() const;

  // -- errors -----------------------------------------------------------------

  bool in_doubt() const;
  error make(errc code, std::string text, std::string state = {}) const;
  error lost(std::string why, std::string state);
  error not_sent();
  error gave_up();
  error too_large(const char* ending);
  error no_memory() const;
  error rolled_back() const;
  error refused(const pg_server_error& what);
  error stopped(const pg_server_error& what) const;
  bool by_server_limit(const pg_server_error& what) const;
  bool lost_its_role(const pg_server_error& what) const;

  pg_workplace at_;
  time_point started_;
  time_point deadline_;

  // -- of the attempt ---------------------------------------------------------

  std::string_view text_;
  bool may_write_ = false;
  bool commits_ = false;
  bool dirty_before_ = false;
  PGTransactionStatusType before_ = PQTRANS_IDLE;
  bool late_ = false;
  bool too_large_ = false;
  bool may_use_prepared_ = true;
  bool ran_prepared_ = false;
  // The server answered with rows, if only none.
  bool had_rows_ = false;
  /// The statement was no statement.
  bool was_empty_ = false;
  std::optional<pg_server_error> failure_;
};

} // namespace caf_pool
