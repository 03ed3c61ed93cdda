#pragma once

#include "caf_pool/backend/pg_channel.hpp"
#include "caf_pool/backend/pg_condition.hpp"
#include "caf_pool/backend/pg_options.hpp"
#include "caf_pool/backend/pg_parameters.hpp"
#include "caf_pool/backend/pg_reader.hpp"
#include "caf_pool/backend/pg_statement_cache.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/sql_result.hpp"
#include "caf_pool/core/time.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace caf_pool {

/// One run of one statement on a connection that is ready for it: one round
/// trip, plus one the first time that a statement is prepared.
///
/// At the deadline it asks the server to stop and waits a little longer for the
/// answer; whatever comes later is read by the next one who uses the
/// connection (`pg_channel::settle`).
///
/// Thread-safety: none.
class pg_execution {
public:
  pg_execution(pg_channel& channel, pg_condition& condition,
               pg_statement_cache& cache, const pg_parameters& parameters,
               const pg_options& options, time_point deadline)
    : channel_(channel),
      condition_(condition),
      cache_(cache),
      parameters_(parameters),
      options_(options),
      deadline_(deadline) {
    // nop
  }

  /// Runs the statement. Tries again, once, when the server says that its plan
  /// is outdated and no transaction is open.
  result<sql_result> run(pg_statement_cache::entry& what);

private:
  struct server_error {
    std::string severity;
    std::string sqlstate;
    std::string text;
    // The server's function that raised it: never translated.
    std::string source;
    // Raised for the statement itself, not for one that a function ran.
    bool outermost = true;
  };

  result<sql_result> attempt(pg_statement_cache::entry& what);
  std::optional<error> prepare(pg_statement_cache::entry& what);
  bool worth_preparing(const pg_statement_cache::entry& what) const;
  bool send(const pg_statement_cache::entry& what);

  // -- replies -----------------------------------------------------------------

  result<sql_result> collect();
  std::optional<error> wait_for_portion(pg_wait outcome);
  std::optional<error> take(const PGresult* portion, pg_reader& reader);
  void stop();
  duration grace() const;

  // -- errors ------------------------------------------------------------------

  bool in_doubt() const;
  error make(errc code, std::string text, std::string state = {}) const;
  error lost(std::string why, std::string state);
  error gave_up();
  error too_large(bool completed);
  error refused(const server_error& what);
  bool is_outdated(const server_error& what) const;
  bool lost_its_role(const server_error& what) const;
  bool was_not_run(const server_error& what) const;

  pg_channel& channel_;
  pg_condition& condition_;
  pg_statement_cache& cache_;
  const pg_parameters& parameters_;
  const pg_options& options_;
  time_point deadline_;
  time_point started_ = clock::now();

  // -- of the attempt ----------------------------------------------------------

  pg_traits traits_;
  bool dirty_before_ = false;
  PGTransactionStatusType before_ = PQTRANS_IDLE;
  std::uint64_t requests_before_ = 0;
  time_point limit_{};
  bool stopped_ = false;
  bool too_large_ = false;
  bool outdated_ = false;
  std::optional<server_error> failure_;
};

} // namespace caf_pool
