#include "caf_pool/backend/postgres/pg_ending.hpp"
#include "caf_pool/backend/postgres/pg_execution.hpp"
#include "caf_pool/backend/postgres/pg_sqlstate.hpp"
#include "caf_pool/core/duration_text.hpp"

#include <string_view>
#include <utility>

// What a statement that failed is said to have done. A word of the server
// counts, and silence is doubt.

namespace caf_pool {

// Tells whether the statement may have taken effect though nobody said so.
bool pg_execution::in_doubt() const {
  if (!may_write_ || (before_ != PQTRANS_IDLE && !commits_))
    return false;
  return !failure_ || !failure_->is_verdict() || !pg_is_one_transaction(text_);
}

error pg_execution::make(errc code, std::string text, std::string state) const {
  return {code,
          pg_scrub(std::move(text), at_.options.password) + " (after "
            + to_rough_text(clock::now() - started_) + ", "
            + at_.options.describe() + ')',
          std::move(state)};
}

error pg_execution::lost(std::string why, std::string state) {
  at_.condition.broken = true;
  auto& last = at_.channel.notices().last_words();
  if (state.empty() && !last.text.empty()) {
    pg_add_words(why, ": ", last.text);
    state = last.sqlstate;
  }
  if (at_.channel.interrupter().is_shut_down())
    why = "the pool gave the connection up";
  if (in_doubt())
    return make(errc::outcome_unknown,
                "the connection broke before the server confirmed: " + why
                  + "; the statement may have taken effect or not: look before "
                    "you repeat it",
                std::move(state));
  return make(errc::connection_lost,
              "the connection broke: " + why
                + "; the statement took no effect, and its transaction is "
                  "rolled back",
              std::move(state));
}

// libpq took the statement only in part. Without the end of its flight the
// server makes nothing lasting, unless it is a command that does so itself: of
// that the server may have all, if the connection broke.
error pg_execution::not_sent() {
  auto* raw = at_.channel.raw();
  auto refused = PQstatus(raw) == CONNECTION_OK;
  may_write_ = may_write_ && commits_ && !refused;
  if (!refused)
    return lost(pg_error_text(raw), {});
  at_.condition.broken = true;
  return make(errc::result_too_large,
              "nothing was sent, because libpq could not hold the statement ("
                + pg_error_text(raw)
                + "); the connection is given up. Send less, in portions");
}

error pg_execution::gave_up() {
  auto text = "the server neither answered at the deadline nor stopped within "
              + to_rough_text(time_to_stop())
              + " of being asked to; the connection is given up";
  if (in_doubt())
    return make(errc::outcome_unknown,
                text + ". The statement may yet take effect: look before you "
                       "repeat it");
  return make(errc::execute_timeout,
              text + ". The server is overloaded, frozen or cut off");
}

error pg_execution::too_large(const char* ending) {
  return make(errc::result_too_large,
              "the result is larger than max_result_bytes = "
                + std::to_string(at_.options.max_result_bytes)
                + ", or a row as it comes than three quarters of that; the "
                  "statement: "
                + ending + ". Ask for less, in portions, or raise the limit");
}

error pg_execution::no_memory() const {
  return make(errc::result_too_large,
              "this process has no memory left for the result; it cannot be "
              "said whether the statement took effect. Ask for less, lower "
              "max_result_bytes or the number of connections");
}

error pg_execution::rolled_back() const {
  auto text = std::string{
    "the server rolled the transaction back instead of "
    "committing it, because an earlier error had doomed "
    "it: nothing of it is stored. Run all of it again"};
  pg_add_words(text, "; that error was: ", at_.condition.doomed_by);
  return make(errc::rolled_back, std::move(text), "25P02");
}

error pg_execution::refused(const pg_server_error& what) {
  auto is_stop = what.sqlstate == "57014";
  if (what.is_out_of_memory()) [[unlikely]]
    return no_memory();
  auto survives = pg_survives(what.severity, what.sqlstate);
  // The server may stop a statement just when the watchdog gives it up.
  if (!survives || (at_.channel.lost() && !(is_stop && late_)))
    return lost(what.text, what.sqlstate);
  at_.condition.broken |= at_.channel.lost();
  if (before_ == PQTRANS_INTRANS
      && PQtransactionStatus(at_.channel.raw()) == PQTRANS_INERROR)
    at_.condition.doomed_by = what.text;
  if (is_stop)
    return stopped(what);
  if (lost_its_role(what)) {
    at_.condition.broken = true;
    return make(errc::execute_failed,
                what.text + "; the server has become a standby, the connection "
                            "is given up",
                what.sqlstate);
  }
  return make(errc::execute_failed, what.text, what.sqlstate);
}

// By the watchdog, by somebody's `cancel`, or by the limit that the server
// itself has.
error pg_execution::stopped(const pg_server_error& what) const {
  if (late_)
    return make(errc::execute_timeout,
                "the statement was stopped at its deadline; raise the limit, "
                "or look for locks and missing indexes",
                what.sqlstate);
  if (at_.channel.unsettled())
    return make(errc::cancelled, what.text, what.sqlstate);
  if (by_server_limit(what))
    return make(errc::execute_timeout, what.text, what.sqlstate);
  return make(errc::cancelled,
              what.text + "; somebody else asked the server for that",
              what.sqlstate);
}

// Both have the same SQLSTATE and only differ in their text. Where that is
// translated, the time tells: the limit would have come first.
bool pg_execution::by_server_limit(const pg_server_error& what) const {
  if (what.text.find("statement timeout") != std::string::npos)
    return true;
  if (what.text.find("user request") != std::string::npos)
    return false;
  auto limit = at_.options.statement_timeout;
  return limit > duration::zero() && clock::now() - started_ >= limit;
}

bool pg_execution::lost_its_role(const pg_server_error& what) const {
  if (what.sqlstate != "25006")
    return false;
  auto& wanted = at_.options.target_session_attrs;
  auto* standby = PQparameterStatus(at_.channel.raw(), "in_hot_standby");
  return (wanted == "read-write" || wanted == "primary") && standby != nullptr
         && std::string_view{standby} == "on";
}

} // namespace caf_pool
