#include "caf_pool/backend/postgres/pg_execution.hpp"

#include "caf_pool/backend/postgres/pg_compat.hpp"
#include "caf_pool/backend/postgres/pg_ending.hpp"
#include "caf_pool/backend/savepoint_text.hpp"
#include "caf_pool/core/one_of.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace caf_pool {

namespace {

// What a row may have, in bytes, however small the limit is.
constexpr std::uint64_t slack = 1 << 20;

// Memory that is worth giving back, in bytes.
constexpr std::uint64_t large_result = 8 << 20;

} // namespace

result<sql_result> pg_execution::run(entry& what) {
  if (at_.condition.restricted) [[unlikely]]
    return run_read_only(what);
  auto outcome = attempt(what);
  if (!ran_prepared_ || !may_be_outdated(what)) [[likely]]
    return outcome;
  auto first = failure_->sqlstate;
  if (at_.condition.broken || before_ != PQTRANS_IDLE) {
    outdate(what, first);
    return outcome;
  }
  may_use_prepared_ = false;
  auto again = attempt(what);
  // The same error without it: the statement is to blame.
  if (!failure_ || failure_->sqlstate != first)
    outdate(what, first);
  return again;
}

result<sql_result> pg_execution::attempt(entry& what) {
  auto* raw = at_.channel.raw();
  begin_attempt(what);
  // A moment's look spares the doubt whether a write took effect.
  if (in_doubt() && at_.channel.hung_up()) [[unlikely]] {
    may_write_ = false;
    return lost("nothing was sent, because the server had hung up before", {});
  }
  if (worth_preparing(what)) [[unlikely]]
    if (auto failed = prepare(what))
      return *failed;
  dirty_before_ = std::exchange(at_.condition.dirty, true);
  if (!send(what)) [[unlikely]]
    return not_sent();
  pg_receive_in_portions(raw);
  auto outcome = collect();
  note_large_buffers();
  return finish(what, std::move(outcome));
}

void pg_execution::begin_attempt(const entry& what) {
  before_ = PQtransactionStatus(at_.channel.raw());
  failure_.reset();
  ran_prepared_ = false;
  had_rows_ = false;
  was_empty_ = false;
  may_write_ = what.traits.may_write && !what.proof.harmless;
  commits_ = what.traits.commits;
  text_ = what.text;
  if (before_ != PQTRANS_INERROR)
    at_.condition.doomed_by.clear();
  at_.channel.notices().take_warnings();
}

// Looks at what the statement did.
result<sql_result> pg_execution::finish(entry& what,
                                        result<sql_result> outcome) {
  note_end(what.text);
  auto trusted = what.traits.names_nothing || proven(what);
  auto ok = outcome.has_value();
  if (left_no_trace(trusted, ok))
    at_.condition.dirty = dirty_before_;
  if (!ok) [[unlikely]]
    return outcome;
  if (at_.condition.dirty) [[unlikely]]
    forget_what_changed();
  if (!trusted) [[unlikely]]
    ask_about(what);
  return outcome;
}

// The server's word for ROLLBACK is that for ROLLBACK TO, too.
void pg_execution::note_end(std::string_view text) {
  if (before_ == PQTRANS_IDLE) [[likely]]
    return;
  auto& tag = at_.reader.tag();
  if (tag == "COMMIT" || tag == "PREPARE TRANSACTION")
    ++at_.condition.ends.committed;
  else if (tag == "ROLLBACK" && !rolls_back_to_savepoint(text))
    ++at_.condition.ends.rolled_back;
}

bool pg_execution::send(const entry& what) {
  auto& p = at_.parameters;
  auto* raw = at_.channel.raw();
  ran_prepared_ = uses_prepared(what);
  if (ran_prepared_)
    return PQsendQueryPrepared(raw, what.name.c_str(), p.size(), p.values(),
                               p.lengths(), p.formats(), 0)
           != 0;
  return PQsendQueryParams(raw, what.text.c_str(), p.size(), p.types(),
                           p.values(), p.lengths(), p.formats(), 0)
         != 0;
}

// -- traces -------------------------------------------------------------------

bool pg_execution::proven(entry& what) const {
  auto epoch = at_.proofs.epoch();
  if (started_ < what.proof.until && what.proof_epoch == epoch) [[likely]]
    return what.proof.harmless && !at_.parameters.has_bytes();
  if (!what.kept || what.uses < 2 || !what.traits.preparable)
    return false;
  auto found = at_.proofs.find(what.text, started_);
  if (!found)
    return false;
  what.proof = *found;
  what.proof_epoch = epoch;
  return found->harmless && !at_.parameters.has_bytes();
}

// Believes the server's word for what it ran, not the statement's.
bool pg_execution::left_no_trace(bool trusted, bool ok) const {
  if (!ok)
    return trusted || (failure_ && failure_->is_misspelt());
  std::string_view tag = at_.reader.tag();
  if (had_rows_ && tag.starts_with("SELECT"))
    return trusted;
  // Without a word of the server nothing is known.
  return was_empty_
         || one_of(tag, {"BEGIN", "START TRANSACTION", "COMMIT", "ROLLBACK",
                         "SAVEPOINT", "RELEASE", "SHOW"});
}

// What is known of other statements may be over.
void pg_execution::forget_what_changed() {
  auto& tag = at_.reader.tag();
  if (tag == "DEALLOCATE ALL" || tag == "DISCARD ALL")
    at_.cache.forget_all();
  at_.condition.meddled |= tag == "PREPARE" || tag == "DISCARD ALL"
                           || tag.starts_with("DEALLOCATE");
  if (tag.starts_with("CREATE") || tag.starts_with("ALTER")
      || tag.starts_with("DROP")) {
    at_.proofs.forget();
    at_.proofs.outdate_prepared();
  }
}

// Answered after the next reset: a statement that comes again may be harmless.
void pg_execution::ask_about(const entry& what) {
  constexpr std::size_t at_once = 4;
  auto known
    = started_ < what.proof.until && what.proof_epoch == at_.proofs.epoch();
  if (known || !what.kept || what.uses < 2 || !had_rows_
      || !at_.reader.tag().starts_with("SELECT") || at_.parameters.has_bytes()
      || at_.questions.size() >= at_once)
    return;
  for (auto& x : at_.questions)
    if (x.text == what.text)
      return;
  at_.questions.push_back({what.text, at_.parameters.size()});
}

// -- replies ------------------------------------------------------------------

result<sql_result> pg_execution::collect() {
  at_.reader.start_over();
  too_large_ = false;
  failure_.reset();
  at_.watch.arm(deadline_, time_to_stop());
  auto failed = read_replies();
  late_ = at_.watch.disarm();
  if (commits_ && !at_.reader.tag().empty()) [[unlikely]] {
    at_.condition.broken |= failed || failure_ || at_.channel.lost();
    return confirmed();
  }
  if (too_large_) [[unlikely]]
    return too_large(failed     ? "it cannot be said whether it took effect"
                     : failure_ ? "it was stopped"
                                : "it ran to its end");
  if (failed) [[unlikely]]
    return late_ && at_.channel.interrupter().is_shut_down() ? gave_up()
                                                             : *failed;
  if (failure_) [[unlikely]]
    return refused(*failure_);
  if (at_.channel.lost()) [[unlikely]]
    return lost(pg_error_text(at_.channel.raw()), {});
  return confirmed();
}

// The server said what it did. A command that ends a transaction is answered
// when that has happened.
result<sql_result> pg_execution::confirmed() {
  if (at_.reader.tag() == "ROLLBACK" && pg_asks_to_commit(text_)) [[unlikely]]
    return rolled_back();
  auto result = at_.reader.take();
  result.warnings = at_.channel.notices().take_warnings();
  return result;
}

// libpq's buffers grow with the largest message and never shrink: then the
// connection has to be replaced when its holder is done.
void pg_execution::note_large_buffers() {
  auto limit = std::max(at_.options.max_result_bytes / 8, slack);
  if (std::max(at_.reader.largest_row(), at_.parameters.bytes()) > limit)
    [[unlikely]]
    at_.condition.bloated = true;
  if (too_large_ || at_.reader.bytes() > large_result) [[unlikely]]
    at_.watch.give_memory_back();
}

// A row is there twice before its cells are ours: in libpq's buffer and in what
// libpq makes of it. With the cells before, that shall be no more than one and
// a half times the limit.
std::uint64_t pg_execution::room_for_a_row() const {
  auto limit = at_.options.max_result_bytes;
  return std::max(limit / 4 * 3 - std::min(at_.reader.bytes(), limit) / 2,
                  slack);
}

// Returns an error if the end of the replies cannot be reached.
std::optional<error> pg_execution::read_replies() {
  auto* raw = at_.channel.raw();
  pg_intake intake;
  for (;;) {
    intake.expect(room_for_a_row());
    // Until the watchdog has the server stop, or shuts the socket.
    // What comes behind the command's tag is no part of its result.
    auto ended = !at_.reader.tag().empty();
    auto outcome = at_.channel.wait(never, ended ? nullptr : &intake);
    if (outcome == pg_wait::too_large) [[unlikely]] {
      // The server does not stop in the middle of a message.
      too_large_ = true;
      at_.channel.interrupter().shut_down();
      at_.condition.broken = true;
    }
    if (outcome != pg_wait::ready) [[unlikely]]
      // After the server's last words comes the end of the connection.
      return failure_ ? lost(failure_->text, failure_->sqlstate)
                      : lost(pg_error_text(raw), {});
    pg_portion portion{PQgetResult(raw)};
    if (!portion)
      return std::nullopt;
    if (auto failed = take(portion.get())) [[unlikely]]
      return failed;
  }
}

std::optional<error> pg_execution::take(const PGresult* portion) {
  auto status = PQresultStatus(portion);
  had_rows_ = pg_is_portion(status) || status == PGRES_TUPLES_OK;
  was_empty_ = status == PGRES_EMPTY_QUERY;
  if (pg_is_portion(status) || status == PGRES_TUPLES_OK
      || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) [[likely]] {
    if (!too_large_ && !at_.reader.add(portion)) [[unlikely]] {
      too_large_ = true;
      at_.reader.start_over();
      at_.channel.interrupter().cancel();
    }
    return std::nullopt;
  }
  if (status == PGRES_FATAL_ERROR) {
    // A second one is libpq's own: the connection ended.
    if (!failure_)
      failure_ = pg_server_error::from(portion);
    return std::nullopt;
  }
  // Copying, or a pipeline that the holder of the native handle left on.
  at_.condition.broken = true;
  return make(errc::not_supported,
              "the server wants to go on in a way that only native handles "
              "can; the connection is given up");
}

// Time for the server's last word after the deadline. Connections that a slow
// server loses have to be opened again, which makes it slower; so it is not
// short. Only callers of a frozen server wait that long.
duration pg_execution::time_to_stop() const {
  constexpr duration least = std::chrono::milliseconds{500};
  constexpr duration most = std::chrono::seconds{1};
  if (deadline_ == never)
    return most;
  return std::clamp((deadline_ - started_) / 20, least, most);
}

} // namespace caf_pool
