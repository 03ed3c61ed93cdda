#include "caf_pool/backend/postgres/pg_execution.hpp"

#include <chrono>
#include <string_view>
#include <utility>

// A lease for reading only does not ask what a statement says. Each one runs in
// a transaction that is READ ONLY and has taken its snapshot: from then on the
// server lets nothing make it READ WRITE, neither a function nor a cursor that
// is run at the commit.

namespace caf_pool {

namespace {

// Taking a snapshot is what makes the mode final.
constexpr const char* pinning = "SET TRANSACTION READ ONLY;SELECT 1";

bool send_plain(PGconn* raw, const char* sql) {
  return PQsendQueryParams(raw, sql, 0, nullptr, nullptr, nullptr, nullptr, 0)
         != 0;
}

} // namespace

result<sql_result> pg_execution::run_read_only(entry& what) {
  may_use_prepared_ = false;
  auto open = PQtransactionStatus(at_.channel.raw()) != PQTRANS_IDLE;
  if (!open && !what.traits.begins)
    return read_alone(what);
  auto outcome = attempt(what);
  // A transaction that just began: BEGIN, or COMMIT AND CHAIN.
  auto& tag = at_.reader.tag();
  auto began = !open || tag == "COMMIT" || tag == "ROLLBACK";
  if (outcome && began
      && PQtransactionStatus(at_.channel.raw()) == PQTRANS_INTRANS)
    if (auto failed = pin())
      return *failed;
  return outcome;
}

// One flight: the statement between the beginning and the end of a transaction
// of its own.
result<sql_result> pg_execution::read_alone(entry& what) {
  auto* raw = at_.channel.raw();
  begin_attempt(what);
  // The server sees to that.
  may_write_ = false;
  dirty_before_ = std::exchange(at_.condition.dirty, true);
  if (PQenterPipelineMode(raw) == 0 || !send_plain(raw, "BEGIN READ ONLY")
      || !send_plain(raw, "SELECT 1") || !send(what) || PQpipelineSync(raw) == 0
      || !send_plain(raw, "COMMIT") || PQpipelineSync(raw) == 0)
    return not_sent();
  if (auto failed = skip_beginning())
    return *failed;
  pg_receive_in_portions(raw);
  auto collected = collect();
  note_large_buffers();
  auto outcome = finish(what, std::move(collected));
  if (auto failed = end_reading(outcome))
    return *failed;
  return outcome;
}

// The ends of the two commands before the statement: the server says those at
// once, so that only the statement is stopped at the deadline.
std::optional<error> pg_execution::skip_beginning() {
  auto* raw = at_.channel.raw();
  for (auto ends = 0; ends < 2;) {
    auto outcome = at_.channel.wait(deadline_);
    if (outcome != pg_wait::ready) {
      late_ = outcome == pg_wait::late;
      at_.channel.interrupter().shut_down();
      at_.condition.broken = true;
      return late_ ? gave_up() : lost(pg_error_text(raw), {});
    }
    pg_portion portion{PQgetResult(raw)};
    if (!portion)
      ++ends;
    else if (PQresultStatus(portion.get()) == PGRES_FATAL_ERROR)
      return lost(pg_field(portion.get(), PG_DIAG_MESSAGE_PRIMARY),
                  pg_field(portion.get(), PG_DIAG_SQLSTATE));
  }
  return std::nullopt;
}

std::optional<error> pg_execution::end_reading(
  const result<sql_result>& outcome) {
  if (at_.condition.broken || at_.channel.lost())
    return outcome ? std::nullopt : std::optional{outcome.error()};
  auto* raw = at_.channel.raw();
  auto said = std::exchange(failure_, std::nullopt);
  auto ignore = [](const PGresult*) {};
  at_.watch.arm(deadline_ == never ? never : deadline_ + time_to_stop(),
                time_to_stop());
  auto ended = read_flight(ignore) && read_flight(ignore);
  at_.watch.disarm();
  if (!ended || PQexitPipelineMode(raw) == 0)
    return lost(pg_error_text(raw), {});
  if (PQtransactionStatus(raw) != PQTRANS_IDLE
      && !at_.channel.run("ROLLBACK", deadline_).ok())
    return lost("a transaction survived its end", {});
  // The commit runs cursors WITH HOLD, for instance.
  if (failure_ && outcome)
    return refused(*failure_);
  failure_ = std::move(said);
  return std::nullopt;
}

std::optional<error> pg_execution::pin() {
  auto answer = at_.channel.run(pinning, deadline_);
  if (answer.ok())
    return std::nullopt;
  at_.condition.broken = true;
  return make(errc::connection_lost,
              "a transaction could not be made READ ONLY, and its connection "
              "is given up: "
                + answer.text,
              answer.sqlstate);
}

} // namespace caf_pool
