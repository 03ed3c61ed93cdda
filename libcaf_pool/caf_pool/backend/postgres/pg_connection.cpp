#include "caf_pool/backend/postgres/pg_connection.hpp"

#include "caf_pool/backend/postgres/pg_execution.hpp"
#include "caf_pool/backend/postgres/pg_server_error.hpp"

#include <chrono>
#include <ctime>
#include <new>
#include <string_view>
#include <utility>

namespace caf_pool {

namespace {

// What DISCARD ALL does, but for its two flaws: it cannot share a round trip
// with a rollback, and it drops our prepared statements. RESET ALL returns to
// the values of the login.
constexpr std::string_view cleaning
  = "SET SESSION AUTHORIZATION DEFAULT;"
    "RESET ROLE;"
    "RESET ALL;"
    "CLOSE ALL;"
    "UNLISTEN *;"
    "DISCARD TEMP;"
    "DISCARD SEQUENCES;";

// Ends it, and counts what the holder prepared. Reading and planning it costs
// more than all the rest, so a server that resets often holds it prepared.
constexpr const char* sweeping
  = "SELECT pg_catalog.count(*), pg_catalog.pg_advisory_unlock_all() "
    "FROM pg_catalog.pg_prepared_statement() WHERE from_sql";

constexpr const char* sweep_name = "caf_pool_sweep";

// Full resets before that is worth a round trip.
constexpr int often = 8;

// How long a settled state is waited for by calls that have no deadline.
constexpr duration settle_limit = std::chrono::seconds{1};

// A tenth of the cost of an exact one, and some milliseconds behind.
time_point rough_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return time_point{std::chrono::seconds{now.tv_sec}
                    + std::chrono::nanoseconds{now.tv_nsec}};
}

// Exact if the deadline is near.
bool has_passed(time_point deadline, time_point roughly) noexcept {
  constexpr duration error_of_clock = std::chrono::milliseconds{20};
  return deadline <= roughly + error_of_clock && deadline <= clock::now();
}

} // namespace

pg_connection::pg_connection(std::shared_ptr<const pg_options> options,
                             pg_session session,
                             std::shared_ptr<pg_watchdog> dog,
                             std::shared_ptr<pg_proofs> proofs)
  : options_(std::move(options)),
    proofs_(std::move(proofs)),
    channel_(std::move(session)),
    watch_(std::move(dog), channel_.interrupter()),
    cache_(options_->statement_cache),
    reader_(options_->max_result_bytes) {
  // nop
}

// -- contract -----------------------------------------------------------------

result<void> pg_connection::probe(time_point deadline) {
  if (auto ok = get_ready(rough_now(), deadline, "a probe"); !ok)
    return ok;
  if (channel_.hung_up())
    return lost("the server hung up while the connection was idle");
  auto answer = channel_.run(options_->validation_query.c_str(), deadline);
  if (auto ok = verdict(answer, "a probe"); !ok)
    return ok;
  if (PQtransactionStatus(channel_.raw()) != PQTRANS_IDLE)
    return lost("validation_query left a transaction open");
  auto& wanted = options_->target_session_attrs;
  auto* standby = PQparameterStatus(channel_.raw(), "in_hot_standby");
  if ((wanted == "read-write" || wanted == "primary") && standby != nullptr
      && std::string_view{standby} == "on")
    return lost("the server has become a standby");
  return {};
}

result<void> pg_connection::reset(reset_policy policy, time_point deadline) {
  if (auto ok = get_ready(rough_now(), deadline, "a reset"); !ok)
    return ok;
  if (condition_.bloated)
    return error{errc::closed,
                 "replaced, because a large message had made its driver's "
                 "buffers large",
                 {}};
  if (condition_.native)
    take_back();
  auto full = !condition_.shared_session
              && (policy == reset_policy::full
                  || (policy == reset_policy::automatic && condition_.dirty));
  auto foreign = false;
  if (auto sql = reset_sql(policy, full); !sql.empty()) {
    auto swept = sweep(sql, full, deadline);
    if (!swept)
      return swept.error();
    foreign = *swept;
  }
  if (full)
    if (auto ok = finish_reset(foreign, deadline); !ok)
      return ok;
  condition_.dirty = false;
  condition_.native = false;
  condition_.restricted = false;
  questions_.clear();
  channel_.notices().clear();
  return {};
}

// Runs a reset. Returns whether its holder prepared statements of its own.
result<bool> pg_connection::sweep(const std::string& sql, bool full,
                                  time_point deadline) {
  // Who meddled may have put another one in its place.
  auto held = full && condition_.holds_sweep && !condition_.meddled;
  auto briefly = sql + "EXECUTE " + sweep_name;
  auto directly = full ? sql + sweeping : sql;
  auto answer = channel_.run((held ? briefly : directly).c_str(), deadline);
  if (held && answer.wait == pg_wait::ready && !answer.ok()) {
    // A function that the holder called dropped it.
    condition_.meddled = true;
    answer = channel_.run(directly.c_str(), deadline);
  }
  if (auto ok = verdict(answer, "a reset"); !ok)
    return ok.error();
  if (PQtransactionStatus(channel_.raw()) != PQTRANS_IDLE)
    return lost("a transaction survived a reset");
  return full && (answer.rows.empty() || answer.rows[0] != "0");
}

result<void> pg_connection::finish_reset(bool foreign, time_point deadline) {
  while (auto* notification = PQnotifies(channel_.raw()))
    PQfreemem(notification);
  foreign |= condition_.meddled;
  auto sql = (foreign ? "DEALLOCATE ALL;" : "") + options_->session_sql();
  if (foreign) {
    cache_.forget_all();
    condition_.holds_sweep = false;
  }
  if (!sql.empty())
    if (auto ok = verdict(channel_.run(sql.c_str(), deadline), "a reset"); !ok)
      return ok;
  condition_.meddled = false;
  if (auto ok = hold_sweep(deadline); !ok)
    return ok;
  return answer_questions(deadline);
}

result<void> pg_connection::hold_sweep(time_point deadline) {
  if (condition_.holds_sweep || !condition_.may_prepare
      || ++condition_.full_resets < often)
    return {};
  condition_.full_resets = 0;
  auto answer = channel_.prepare(sweep_name, sweeping, deadline);
  if (answer.wait != pg_wait::ready)
    return verdict(answer, "a reset");
  condition_.holds_sweep = answer.ok();
  return {};
}

result<void> pg_connection::answer_questions(time_point deadline) {
  for (auto& question : questions_) {
    auto now = clock::now();
    auto answer = pg_is_harmless(channel_, question, deadline);
    if (!answer)
      return lost("it broke while a statement was looked at");
    proofs_->keep(question.text, *answer, now);
  }
  return {};
}

result<sql_result> pg_connection::execute(const sql_statement& what,
                                          time_point deadline) {
  try {
    return run_within(what, deadline);
  } catch (const std::bad_alloc&) {
    // Replies may be left, and what came of them is of no use.
    condition_.broken = true;
    reader_.start_over();
    abort();
    watch_.disarm();
    return error{errc::result_too_large,
                 "this process has no memory left for the statement or its "
                 "result; it cannot be said whether it took effect, and the "
                 "connection is given up. Ask for less, lower "
                 "max_result_bytes or the number of connections",
                 {}};
  }
}

result<sql_result> pg_connection::run_within(const sql_statement& what,
                                             time_point deadline) {
  auto started = rough_now();
  if (auto ok = get_ready(started, deadline, "a statement"); !ok) [[unlikely]]
    return ok.error();
  if (auto ok = parameters_.bind(what.parameters); !ok) [[unlikely]]
    return ok.error();
  if (what.text.find('\0') != std::string::npos) [[unlikely]]
    return error{errc::invalid_argument, "the statement has a zero byte", {}};
  auto& entry = cache_.use(what.text);
  if (entry.traits.copies) [[unlikely]]
    return error{errc::not_supported,
                 "COPY needs the native handle: acquire a lease and use "
                 "pqxx::stream_to or PQputCopyData on it",
                 {}};
  return pg_execution{{channel_, watch_, condition_, cache_, parameters_,
                       reader_, *options_, *proofs_, questions_},
                      started,
                      deadline}
    .run(entry);
}

// Each statement sees to it by itself. The default is for who takes the native
// handle.
result<void> pg_connection::restrict_to_reads(time_point deadline) {
  if (auto ok = get_ready(rough_now(), deadline, "a restriction"); !ok)
    return ok;
  std::string sql;
  if (!condition_.shared_session) {
    sql = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;";
    condition_.dirty = true;
  }
  if (PQtransactionStatus(channel_.raw()) != PQTRANS_IDLE)
    sql += "SET TRANSACTION READ ONLY;SELECT 1";
  condition_.restricted = true;
  return verdict(channel_.run(sql.c_str(), deadline), "a restriction");
}

trace pg_connection::state() const noexcept {
  if (condition_.broken || channel_.lost())
    return trace::broken;
  switch (PQtransactionStatus(channel_.raw())) {
    case PQTRANS_IDLE:
      break;
    case PQTRANS_INTRANS:
    case PQTRANS_INERROR:
      return trace::dirty;
    case PQTRANS_ACTIVE:
      // The holder of the native handle walked away from a reply.
    case PQTRANS_UNKNOWN:
      return trace::broken;
  }
  if (PQpipelineStatus(channel_.raw()) != PQ_PIPELINE_OFF)
    return trace::broken;
  auto left = condition_.dirty && !condition_.shared_session;
  return left || condition_.native || condition_.restricted
             || condition_.bloated || channel_.unsettled()
           ? trace::dirty
           : trace::clean;
}

transaction_status pg_connection::transaction() const noexcept {
  switch (PQtransactionStatus(channel_.raw())) {
    case PQTRANS_IDLE:
      return transaction_status::none;
    case PQTRANS_INTRANS:
      return transaction_status::open;
    case PQTRANS_INERROR:
      return transaction_status::failed;
    case PQTRANS_ACTIVE:
    case PQTRANS_UNKNOWN:
      break;
  }
  return transaction_status::unknown;
}

transaction_ends pg_connection::ended_transactions() const noexcept {
  return condition_.ends;
}

void pg_connection::cancel() noexcept {
  auto& interrupter = channel_.interrupter();
  interrupter.cancel();
  interrupter.wait_for_requests(clock::now() + settle_limit);
}

void pg_connection::abort() noexcept {
  // A server in the middle of a statement does not notice that nobody listens.
  if (watch_.armed())
    channel_.interrupter().cancel();
  channel_.interrupter().shut_down();
}

void pg_connection::close(time_point deadline) noexcept {
  borrowed_.reset();
  if (condition_.broken)
    channel_.interrupter().shut_down();
  channel_.close(deadline);
}

void* pg_connection::native_handle() noexcept {
  if (!hand_out())
    return nullptr;
  try {
    if (!borrowed_)
      borrowed_ = std::make_unique<pg_borrowed>(channel_.raw());
    return &borrowed_->get();
  } catch (const std::exception&) {
    condition_.broken = true;
    return nullptr;
  }
}

pqxx_connection& pg_connection::native() {
  if (auto* raw = native_handle())
    return *static_cast<pqxx_connection*>(raw);
  throw pool_error{{errc::connection_lost,
                    "the connection is broken: release it and acquire another "
                    "one",
                    {}}};
}

PGconn* pg_connection::raw() noexcept {
  return hand_out() ? channel_.raw() : nullptr;
}

// -- implementation -----------------------------------------------------------

// Gives the handle to somebody who may do anything with it.
bool pg_connection::hand_out() noexcept {
  if (condition_.broken || channel_.lost())
    return false;
  if (channel_.unsettled() && !channel_.settle(clock::now() + settle_limit)) {
    condition_.broken = true;
    return false;
  }
  condition_.dirty = true;
  condition_.native = true;
  condition_.meddled = true;
  // libpqxx expects calls that block.
  return PQsetnonblocking(channel_.raw(), 0) == 0;
}

// Takes the handle back: what its holder registered with libpqxx goes with the
// object, and libpq forgets what it was told.
void pg_connection::take_back() {
  borrowed_.reset();
  auto* raw = channel_.raw();
  PQuntrace(raw);
  PQsetErrorVerbosity(raw, PQERRORS_DEFAULT);
  PQsetErrorContextVisibility(raw, PQSHOW_CONTEXT_ERRORS);
  channel_.notices().attach(raw);
}

// Makes sure that the server waits for a command and nothing else is due.
result<void> pg_connection::get_ready(time_point now, time_point deadline,
                                      const char* what) {
  if (condition_.broken || channel_.lost()) [[unlikely]]
    return lost(std::string{"nothing was sent for "} + what
                + ", because the connection was lost before");
  if (has_passed(deadline, now)) [[unlikely]]
    return error{errc::execute_timeout,
                 std::string{"the deadline had passed before "} + what
                   + " was sent: nothing happened",
                 {}};
  if (condition_.native)
    PQsetnonblocking(channel_.raw(), 1);
  if (channel_.unsettled() && !channel_.settle(deadline)) [[unlikely]]
    return lost("the server did not stop an earlier statement in time");
  if (PQtransactionStatus(channel_.raw()) == PQTRANS_ACTIVE
      || PQpipelineStatus(channel_.raw()) != PQ_PIPELINE_OFF) [[unlikely]]
    return lost("the holder of the native handle left replies unread");
  return {};
}

result<void> pg_connection::verdict(const pg_answer& answer, const char* what) {
  if (answer.ok())
    return {};
  if (answer.wait == pg_wait::late)
    return lost(std::string{"the server did not answer "} + what + " in time");
  if (answer.text.empty())
    return lost(std::string{"it broke during "} + what);
  auto failed
    = lost(std::string{"the answer to "} + what + " was: " + answer.text);
  failed.state = answer.sqlstate;
  return failed;
}

error pg_connection::lost(const std::string& what) {
  condition_.broken = true;
  auto& last = channel_.notices().last_words();
  auto text = "the connection is lost: " + what;
  pg_add_words(text, "; the server said: ", last.text);
  return {errc::connection_lost,
          pg_scrub(std::move(text), options_->password) + " ("
            + options_->describe() + ')',
          last.sqlstate};
}

std::string pg_connection::reset_sql(reset_policy policy, bool full) const {
  std::string result;
  auto open = PQtransactionStatus(channel_.raw()) != PQTRANS_IDLE;
  if (open && (policy != reset_policy::none || condition_.restricted))
    result += "ROLLBACK;";
  if (full)
    result += cleaning;
  else if (condition_.restricted && !condition_.shared_session)
    result += "RESET default_transaction_read_only;";
  return result;
}

} // namespace caf_pool
