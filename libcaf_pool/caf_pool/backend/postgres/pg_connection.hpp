#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/backend/postgres/pg_channel.hpp"
#include "caf_pool/backend/postgres/pg_compat.hpp"
#include "caf_pool/backend/postgres/pg_condition.hpp"
#include "caf_pool/backend/postgres/pg_options.hpp"
#include "caf_pool/backend/postgres/pg_parameters.hpp"
#include "caf_pool/backend/postgres/pg_proofs.hpp"
#include "caf_pool/backend/postgres/pg_reader.hpp"
#include "caf_pool/backend/postgres/pg_statement_cache.hpp"
#include "caf_pool/backend/postgres/pg_watchdog.hpp"

#include <memory>
#include <string>
#include <vector>

namespace caf_pool {

/// A connection to PostgreSQL.
///
/// Thread-safety: as `connection` says.
class pg_connection final : public connection {
public:
  pg_connection(std::shared_ptr<const pg_options> options, pg_session session,
                std::shared_ptr<pg_watchdog> dog,
                std::shared_ptr<pg_proofs> proofs);

  /// Makes the session what the options say. Called once, after the login.
  result<void> set_up(time_point deadline);

  // -- contract ---------------------------------------------------------------

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

  // -- for who has the type ---------------------------------------------------

  /// libpqxx's connection, e.g. to copy or to listen. Throws `pool_error` if it
  /// is broken. Whoever takes it may leave anything behind: the connection is
  /// reset afterwards.
  pqxx_connection& native();

  /// libpq's handle, or null if the connection is broken. Counts as `native`.
  PGconn* raw() noexcept;

  std::vector<pg_notice> take_notices() {
    return channel_.notices().take();
  }

private:
  result<void> find_out_about_pooler(time_point deadline);
  result<bool> sweep(const std::string& sql, bool full, time_point deadline);
  result<void> finish_reset(bool foreign, time_point deadline);
  result<void> hold_sweep(time_point deadline);
  result<void> answer_questions(time_point deadline);
  result<sql_result> run_within(const sql_statement& what, time_point deadline);
  result<void> run_first(const std::string& sql, const char* what,
                         time_point deadline);
  bool hand_out() noexcept;
  void take_back();
  result<void> get_ready(time_point now, time_point deadline, const char* what);
  result<void> verdict(const pg_answer& answer, const char* what);
  error lost(const std::string& what);
  std::string reset_sql(reset_policy policy, bool full) const;

  std::shared_ptr<const pg_options> options_;
  std::shared_ptr<pg_proofs> proofs_;
  std::vector<pg_question> questions_;
  pg_condition condition_;
  pg_channel channel_;
  pg_watch watch_;
  pg_statement_cache cache_;
  pg_parameters parameters_;
  pg_reader reader_;
  std::unique_ptr<pg_borrowed> borrowed_;
};

} // namespace caf_pool
