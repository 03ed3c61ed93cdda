#include "caf_pool/backend/pg_execution.hpp"

#include "caf_pool/backend/pg_compat.hpp"
#include "caf_pool/backend/pg_sqlstate.hpp"
#include "caf_pool/core/duration_text.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace caf_pool {

namespace {

// Beyond the limit for cells, because libpq's buffer holds what is not read
// yet, too.
constexpr std::uint64_t message_slack = 1 << 20;

} // namespace

result<sql_result> pg_execution::run(pg_statement_cache::entry& what) {
  auto result = attempt(what);
  if (!outdated_)
    return result;
  // 26000: somebody dropped the server's prepared statements, maybe all.
  if (failure_ && failure_->sqlstate == "26000")
    cache_.forget_all();
  else
    cache_.forget(what);
  return before_ == PQTRANS_IDLE ? attempt(what) : result;
}

result<sql_result> pg_execution::attempt(pg_statement_cache::entry& what) {
  auto* raw = channel_.raw();
  before_ = PQtransactionStatus(raw);
  outdated_ = false;
  traits_ = what.traits;
  // A moment's look spares the doubt whether a write took effect.
  if (in_doubt() && channel_.hung_up()) {
    traits_.may_write = false;
    return lost("nothing was sent, because the server had hung up before", {});
  }
  if (worth_preparing(what))
    if (auto failed = prepare(what))
      return *failed;
  dirty_before_ = condition_.dirty;
  condition_.dirty |= what.traits.leaves_trace;
  requests_before_ = channel_.interrupter().requests();
  if (!send(what))
    return lost(PQerrorMessage(raw), {});
  pg_receive_in_portions(raw);
  auto result = collect();
  if (result && what.traits.drops_prepared)
    cache_.forget_all();
  return result;
}

bool pg_execution::worth_preparing(
  const pg_statement_cache::entry& what) const {
  return what.name.empty() && what.kept && what.traits.preparable
         && !condition_.native && options_.prepare_after > 0
         && what.uses >= options_.prepare_after && cache_.may_prepare();
}

std::optional<error> pg_execution::prepare(pg_statement_cache::entry& what) {
  auto* raw = channel_.raw();
  // Not in a transaction, which an error would abort.
  if (before_ == PQTRANS_IDLE)
    if (auto garbage = cache_.take_garbage(); !garbage.empty())
      if (channel_.run(garbage.c_str(), deadline_).wait != pg_wait::ready)
        return lost("the server did not answer while statements were dropped",
                    {});
  auto name = cache_.next_name();
  // Nothing takes effect by preparing.
  auto writes = std::exchange(traits_.may_write, false);
  requests_before_ = channel_.interrupter().requests();
  if (PQsendPrepare(raw, name.c_str(), what.text.c_str(), parameters_.size(),
                    parameters_.types())
      == 0)
    return lost(PQerrorMessage(raw), {});
  auto result = collect();
  traits_.may_write = writes;
  if (!result)
    return result.error();
  what.name = std::move(name);
  what.binary = parameters_.binary();
  return std::nullopt;
}

bool pg_execution::send(const pg_statement_cache::entry& what) {
  auto& p = parameters_;
  auto* raw = channel_.raw();
  if (!what.name.empty() && !condition_.native && p.matches(what.binary))
    return PQsendQueryPrepared(raw, what.name.c_str(), p.size(), p.values(),
                               p.lengths(), p.formats(), 0)
           != 0;
  return PQsendQueryParams(raw, what.text.c_str(), p.size(), p.types(),
                           p.values(), p.lengths(), p.formats(), 0)
         != 0;
}

// -- replies ------------------------------------------------------------------

result<sql_result> pg_execution::collect() {
  pg_reader reader{options_.max_result_bytes};
  limit_ = deadline_;
  stopped_ = too_large_ = false;
  failure_.reset();
  for (;;) {
    auto outcome
      = channel_.wait(limit_, options_.max_result_bytes + message_slack);
    if (outcome != pg_wait::ready) {
      if (auto failed = wait_for_portion(outcome))
        return *failed;
      continue;
    }
    pg_portion portion{PQgetResult(channel_.raw())};
    if (!portion)
      break;
    if (auto failed = take(portion.get(), reader))
      return *failed;
  }
  if (too_large_)
    return too_large(!failure_);
  if (failure_)
    return refused(*failure_);
  if (channel_.lost())
    return lost(PQerrorMessage(channel_.raw()), {});
  return reader.take();
}

// Returns an error if waiting has no more sense.
std::optional<error> pg_execution::wait_for_portion(pg_wait outcome) {
  switch (outcome) {
    case pg_wait::ready:
      return std::nullopt;
    case pg_wait::late:
      if (!stopped_) {
        stop();
        return std::nullopt;
      }
      channel_.leave_unread();
      if (too_large_)
        return too_large(false);
      return gave_up();
    case pg_wait::lost:
      return lost(PQerrorMessage(channel_.raw()), {});
    case pg_wait::too_large:
      // The server does not stop in the middle of a message.
      channel_.interrupter().shut_down();
      return too_large(false);
  }
  return std::nullopt;
}

std::optional<error> pg_execution::take(const PGresult* portion,
                                        pg_reader& reader) {
  auto status = PQresultStatus(portion);
  if (pg_is_portion(status) || status == PGRES_TUPLES_OK
      || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) {
    if (!too_large_ && !reader.add(portion)) {
      too_large_ = true;
      reader = pg_reader{0};
      stop();
    }
    return std::nullopt;
  }
  if (status == PGRES_FATAL_ERROR) {
    failure_ = server_error{pg_field(portion, PG_DIAG_SEVERITY_NONLOCALIZED),
                            pg_field(portion, PG_DIAG_SQLSTATE),
                            pg_field(portion, PG_DIAG_MESSAGE_PRIMARY),
                            pg_field(portion, PG_DIAG_SOURCE_FUNCTION),
                            pg_field(portion, PG_DIAG_INTERNAL_QUERY).empty()
                              && pg_field(portion, PG_DIAG_CONTEXT).empty()};
    auto& text = failure_->text;
    for (auto field : {PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT})
      if (auto more = pg_field(portion, field); !more.empty())
        text += "; " + more;
    if (text.empty())
      text = PQresultErrorMessage(portion);
    return std::nullopt;
  }
  // Copying, or a pipeline that the holder of the native handle left on.
  condition_.broken = true;
  return make(errc::not_supported,
              "the server wants to go on in a way that only native handles "
              "can; the connection is given up");
}

// Asks the server to stop, and gives it a moment to do so.
void pg_execution::stop() {
  channel_.interrupter().cancel();
  stopped_ = true;
  limit_ = std::max(deadline_, add_saturated(clock::now(), duration::zero()));
  limit_ = add_saturated(limit_, grace());
}

// Time for the server's last word after the deadline: a twentieth of the time
// that the statement had, so that no caller waits much longer than it said.
duration pg_execution::grace() const {
  constexpr duration least = std::chrono::milliseconds{20};
  constexpr duration most = std::chrono::milliseconds{500};
  if (deadline_ == never)
    return most;
  return std::clamp((deadline_ - started_) / 20, least, most);
}

// -- errors -------------------------------------------------------------------

// Tells whether the statement may have taken effect though nobody said so.
bool pg_execution::in_doubt() const {
  return traits_.may_write && (before_ == PQTRANS_IDLE || traits_.commits);
}

error pg_execution::make(errc code, std::string text, std::string state) const {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.pop_back();
  return {code,
          pg_scrub(std::move(text), options_.password) + " (after "
            + to_rough_text(clock::now() - started_) + ", "
            + options_.describe() + ')',
          std::move(state)};
}

error pg_execution::lost(std::string why, std::string state) {
  condition_.broken = true;
  auto& last = channel_.notices().last_words();
  if (state.empty() && !last.text.empty()) {
    why = last.text;
    state = last.sqlstate;
  }
  if (channel_.interrupter().is_shut_down())
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

error pg_execution::gave_up() {
  auto text
    = "no answer at the deadline, and the server did not confirm "
      "within "
      + to_rough_text(grace()) + " that it stopped";
  if (in_doubt())
    return make(errc::outcome_unknown,
                text + "; the statement may yet take effect: look before you "
                       "repeat it");
  return make(errc::execute_timeout,
              text + "; raise the limit or look for locks and missing indexes");
}

error pg_execution::too_large(bool completed) {
  return make(errc::result_too_large,
              "the result is larger than max_result_bytes = "
                + std::to_string(options_.max_result_bytes)
                + (completed ? "; the statement ran to its end"
                             : "; the statement was stopped")
                + ": ask for less, in portions, or raise the limit");
}

error pg_execution::refused(const server_error& what) {
  if (!pg_survives(what.severity, what.sqlstate) || channel_.lost())
    return lost(what.text, what.sqlstate);
  if (what.sqlstate == "57014") {
    // Ours, somebody's `cancel`, or the limit that the server itself has.
    if (stopped_)
      return make(errc::execute_timeout,
                  "the statement was stopped at its deadline; raise the limit "
                  "or look for locks and missing indexes",
                  what.sqlstate);
    if (requests_before_ != channel_.interrupter().requests())
      return make(errc::cancelled, what.text, what.sqlstate);
    return make(errc::execute_timeout, what.text, what.sqlstate);
  }
  if (lost_its_role(what)) {
    condition_.broken = true;
    return make(errc::execute_failed,
                what.text + "; the server has become a standby, the connection "
                            "is given up",
                what.sqlstate);
  }
  if (was_not_run(what))
    condition_.dirty = dirty_before_;
  outdated_ = is_outdated(what);
  return make(errc::execute_failed, what.text, what.sqlstate);
}

// "cached plan must not change result type", or a prepared statement that is
// gone.
bool pg_execution::is_outdated(const server_error& what) const {
  return what.sqlstate == "26000"
         || (what.sqlstate == "0A000"
             && what.source == "RevalidateCachedQuery");
}

// The server did not understand the text, so nothing of it was run.
bool pg_execution::was_not_run(const server_error& what) const {
  return what.outermost
         && (what.source == "scanner_yyerror"
             || what.source == "exec_parse_message");
}

bool pg_execution::lost_its_role(const server_error& what) const {
  if (what.sqlstate != "25006")
    return false;
  auto& wanted = options_.target_session_attrs;
  auto* standby = PQparameterStatus(channel_.raw(), "in_hot_standby");
  return (wanted == "read-write" || wanted == "primary") && standby != nullptr
         && std::string_view{standby} == "on";
}

} // namespace caf_pool
