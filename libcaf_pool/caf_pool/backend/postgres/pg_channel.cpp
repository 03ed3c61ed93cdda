#include "caf_pool/backend/postgres/pg_channel.hpp"

#include "caf_pool/net/poll_socket.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

namespace {

bool is_error(ExecStatusType status) noexcept {
  return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE
         || status == PGRES_NONFATAL_ERROR;
}

// Tells whether there were any.
bool drop_notifications(PGconn* raw) noexcept {
  auto result = false;
  while (auto* x = PQnotifies(raw)) {
    PQfreemem(x);
    result = true;
  }
  return result;
}

// Our own statements return little; this is for who hides behind them.
constexpr int max_rows = 8;

void keep_rows(const PGresult* what, std::vector<std::string>& rows) {
  if (PQntuples(what) == 0 || PQnfields(what) == 0)
    return;
  rows.clear();
  for (int i = 0; i < std::min(PQntuples(what), max_rows); ++i)
    rows.emplace_back(PQgetvalue(what, i, 0));
}

} // namespace

pg_channel::pg_channel(pg_session session)
  : session_(std::move(session)), interrupter_(raw()) {
  // Large statements must not block in a send; see `wait`.
  PQsetnonblocking(raw(), 1);
}

pg_channel::~pg_channel() {
  if (raw() != nullptr)
    stop_server();
}

bool pg_channel::lost() const noexcept {
  return raw() == nullptr || PQstatus(raw()) != CONNECTION_OK
         || interrupter_.is_shut_down();
}

pg_wait pg_channel::wait(time_point deadline, pg_intake* intake) {
  auto beside = notices().count();
  while (PQisBusy(raw()) != 0) {
    auto unsent = PQflush(raw());
    auto events = static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN);
    auto ready = poll_socket(PQsocket(raw()), events, deadline);
    if (ready == 0)
      return pg_wait::late;
    if (ready == POLLOUT)
      continue;
    auto in_pieces = intake != nullptr && unsent == 0;
    if (!(in_pieces ? intake->read(raw()) : PQconsumeInput(raw()) != 0))
      return pg_wait::lost;
    if (!in_pieces || PQisBusy(raw()) == 0)
      continue;
    // What came before a notice was complete, and is no part of the result.
    if (std::exchange(beside, notices().count()) != notices().count())
      intake->start_over();
    if (intake->is_full() && drop_notifications(raw()))
      intake->start_over();
    if (intake->is_full())
      return pg_wait::too_large;
  }
  return pg_wait::ready;
}

pg_answer pg_channel::drain(time_point deadline) {
  pg_answer result;
  for (;;) {
    result.wait = wait(deadline);
    if (result.wait != pg_wait::ready)
      return result;
    pg_portion portion{PQgetResult(raw())};
    if (!portion)
      break;
    auto status = PQresultStatus(portion.get());
    if (is_error(status) && result.text.empty()) {
      result.sqlstate = pg_field(portion.get(), PG_DIAG_SQLSTATE);
      result.text = pg_field(portion.get(), PG_DIAG_MESSAGE_PRIMARY);
      if (result.text.empty())
        result.text = PQresultErrorMessage(portion.get());
    }
    keep_rows(portion.get(), result.rows);
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT
        || status == PGRES_COPY_BOTH) {
      // Ends only by closing: libpq would go on for ever.
      result.wait = pg_wait::lost;
      return result;
    }
  }
  if (lost())
    result.wait = pg_wait::lost;
  return result;
}

pg_answer pg_channel::run(const char* sql, time_point deadline) {
  if (PQsendQuery(raw(), sql) == 0)
    return {pg_wait::lost, {}, PQerrorMessage(raw()), {}};
  return drain(deadline);
}

pg_answer pg_channel::prepare(const char* name, const char* sql,
                              time_point deadline) {
  if (PQsendPrepare(raw(), name, sql, 0, nullptr) == 0)
    return {pg_wait::lost, {}, PQerrorMessage(raw()), {}};
  return drain(deadline);
}

bool pg_channel::hung_up() {
  auto fd = PQsocket(raw());
  auto ready = poll_socket(fd, POLLIN | POLLRDHUP, time_point{});
  if (ready == 0)
    return false;
  // Notices, notifications and changed settings are read; last words, too.
  auto ok = PQconsumeInput(raw()) != 0;
  static_cast<void>(PQisBusy(raw()));
  return !ok || (ready & (POLLERR | POLLHUP | POLLRDHUP | POLLNVAL)) != 0
         || lost();
}

bool pg_channel::settle(time_point deadline) {
  auto requests = interrupter_.requests();
  if (!interrupter_.wait_for_requests(deadline) || lost())
    return false;
  // Any answer will do, also that this was cancelled.
  if (run("", deadline).wait != pg_wait::ready)
    return false;
  settled_requests_ = requests;
  return true;
}

void pg_channel::close(time_point deadline) noexcept {
  if (raw() == nullptr)
    return;
  stop_server();
  auto polite = !lost();
  PQsetnonblocking(raw(), 1);
  session_.handle.reset();
  if (polite)
    interrupter_.wait_for_end(deadline);
  interrupter_.close_socket();
}

// A server in the middle of a statement does not notice that nobody listens.
void pg_channel::stop_server() noexcept {
  if (PQtransactionStatus(raw()) == PQTRANS_ACTIVE)
    interrupter_.cancel();
}

} // namespace caf_pool
