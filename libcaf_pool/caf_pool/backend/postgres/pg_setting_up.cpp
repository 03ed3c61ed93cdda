#include "caf_pool/backend/postgres/pg_connection.hpp"
#include "caf_pool/backend/postgres/pg_sqlstate.hpp"

#include <string>

// What happens between a login and the first use of a connection.

namespace caf_pool {

result<void> pg_connection::set_up(time_point deadline) {
  if (!channel_.interrupter().valid())
    return error{errc::open_failed,
                 "no file descriptor left for a connection; raise the limit "
                 "of open files (ulimit -n), each connection takes two",
                 {}};
  if (auto ok = find_out_about_pooler(deadline); !ok)
    return ok;
  auto sql = condition_.shared_session ? "" : options_->session_sql();
  if (auto ok = run_first(sql, "the statements of init", deadline); !ok)
    return ok;
  // Told now, instead of by every connection that its first probe ends.
  return run_first(options_->validation_query, "validation_query", deadline);
}

result<void> pg_connection::run_first(const std::string& sql, const char* what,
                                      time_point deadline) {
  if (sql.empty())
    return {};
  auto answer = channel_.run(sql.c_str(), deadline);
  if (answer.wait == pg_wait::late)
    return error{errc::open_timeout,
                 what
                   + std::string{" ran longer than the limit for opening; make "
                                 "it faster or raise open_timeout"},
                 {}};
  if (answer.ok() && PQtransactionStatus(channel_.raw()) != PQTRANS_IDLE)
    return error{errc::open_refused,
                 what
                   + std::string{" left a transaction open; end it with "
                                 "COMMIT"},
                 {}};
  if (answer.ok())
    return {};
  return error{pg_classify_open(answer.sqlstate, {}),
               what + (" failed: " + pg_scrub(answer.text, options_->password)),
               answer.sqlstate};
}

// A pooler answers a login with a number of its own, and no session has it.
result<void> pg_connection::find_out_about_pooler(time_point deadline) {
  auto kind = options_->pooler;
  if (kind == "auto") {
    auto answer = channel_.run("SELECT pg_catalog.pg_backend_pid()", deadline);
    if (answer.wait == pg_wait::late)
      return error{errc::open_timeout,
                   "no answer to the first question after the login; the "
                   "server or a pooler in between is overloaded",
                   {}};
    if (answer.wait == pg_wait::lost)
      return error{errc::open_failed,
                   "the connection broke after the login: "
                     + pg_scrub(answer.text, options_->password),
                   answer.sqlstate};
    auto own = std::to_string(PQbackendPID(channel_.raw()));
    auto direct = answer.ok() && !answer.rows.empty() && answer.rows[0] == own;
    kind = direct ? "none" : "transaction";
  }
  condition_.shared_session = kind == "transaction";
  condition_.may_prepare
    = options_->prepare == "always"
      || (options_->prepare == "auto" && !condition_.shared_session);
  if (condition_.shared_session && options_->wants_session())
    return error{errc::open_refused,
                 "a pooler is in between, and init, search_path, lock_timeout "
                 "or idle_in_transaction_timeout would reach the sessions of "
                 "others: set them with ALTER ROLE ... SET, or say pooler = "
                 "\"session\" if each client of the pooler has a session of "
                 "its own",
                 {}};
  return {};
}

} // namespace caf_pool
