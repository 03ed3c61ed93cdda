#pragma once

#include "caf_pool/backend/pg_channel.hpp"
#include "caf_pool/backend/pg_condition.hpp"
#include "caf_pool/backend/pg_options.hpp"
#include "caf_pool/backend/pg_parameters.hpp"
#include "caf_pool/backend/pg_reader.hpp"
#include "caf_pool/backend/pg_server_error.hpp"
#include "caf_pool/backend/pg_statement_cache.hpp"
#include "caf_pool/backend/pg_watchdog.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/sql_result.hpp"
#include "caf_pool/core/time.hpp"

#include <optional>
#include <string>

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
};

/// One run of one statement on a connection that is ready for it: one round
/// trip, plus one the time that a statement is prepared. The watchdog minds the
/// deadline.
///
/// Thread-safety: none.
class pg_execution {
public:
  pg_execution(pg_workplace at, time_point started, time_point deadline)
    : at_(at), started_(started), deadline_(deadline) {
    // nop
  }

  /// Runs the statement. Tries again, once, when the server says that its plan
  /// is outdated and no transaction is open.
  result<sql_result> run(pg_statement_cache::entry& what);

private:
  result<sql_result> attempt(pg_statement_cache::entry& what);
  std::optional<error> prepare(pg_statement_cache::entry& what);
  bool worth_preparing(const pg_statement_cache::entry& what) const;
  bool send(const pg_statement_cache::entry& what);

  // -- replies ----------------------------------------------------------------

  result<sql_result> collect();
  std::optional<error> read_replies();
  std::optional<error> take(const PGresult* portion);
  duration grace() const;

  // -- errors -----------------------------------------------------------------

  bool in_doubt() const;
  error make(errc code, std::string text, std::string state = {}) const;
  error lost(std::string why, std::string state);
  error gave_up();
  error too_large(const char* ending);
  error refused(const pg_server_error& what);
  error stopped(const pg_server_error& what) const;
  bool lost_its_role(const pg_server_error& what) const;

  pg_workplace at_;
  time_point started_;
  time_point deadline_;

  // -- of the attempt ---------------------------------------------------------

  bool may_write_ = false;
  bool commits_ = false;
  bool dirty_before_ = false;
  PGTransactionStatusType before_ = PQTRANS_IDLE;
  bool late_ = false;
  bool too_large_ = false;
  bool outdated_ = false;
  std::optional<pg_server_error> failure_;
};

} // namespace caf_pool
