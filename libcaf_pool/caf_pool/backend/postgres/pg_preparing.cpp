#include "caf_pool/backend/postgres/pg_execution.hpp"
#include "caf_pool/backend/postgres/pg_inferred.hpp"
#include "caf_pool/backend/postgres/pg_statement_name.hpp"

#include <utility>

// What PREPARE fixes, and why that is never believed for long: the server
// infers the types of parameters once, and goes on to read values as those
// types when the columns have others. So a prepared statement is only used for
// values that mean the same whatever the columns are, or if the text says the
// types itself.

namespace caf_pool {

bool pg_execution::worth_preparing(entry& what) {
  auto epoch = at_.proofs.prepared_epoch();
  if (what.prepared_epoch != epoch) {
    at_.cache.forget(what);
    what.unfit = false;
    what.prepared_epoch = epoch;
  }
  return what.name.empty() && what.kept && what.traits.preparable && !what.unfit
         && may_use_prepared_ && !at_.condition.native
         && at_.condition.may_prepare && at_.options.prepare_after > 0
         && what.uses >= at_.options.prepare_after
         && at_.cache.may_prepare(may_drop())
         && (what.traits.typed || pg_may_keep_meaning(at_.parameters.source()));
}

bool pg_execution::uses_prepared(const entry& what) const {
  return !what.name.empty() && may_use_prepared_ && !at_.condition.native
         && fits(what, what.types);
}

bool pg_execution::fits(const entry& what,
                        const std::vector<Oid>& types) const {
  auto values = at_.parameters.source();
  return what.traits.typed ? pg_takes(values, types)
                           : pg_keeps_meaning(values, types);
}

std::optional<error> pg_execution::prepare(entry& what) {
  // Nothing takes effect by preparing.
  auto wrote = std::exchange(may_write_, false);
  std::vector<Oid> types;
  if (auto failed = infer_types(what, types))
    return failed;
  what.unfit = !fits(what, types);
  if (!what.unfit)
    if (auto failed = hold(what, std::move(types)))
      return failed;
  may_write_ = wrote;
  return std::nullopt;
}

// One flight, because a pooler may forget a statement without a name.
std::optional<error> pg_execution::infer_types(const entry& what,
                                               std::vector<Oid>& types) {
  auto* raw = at_.channel.raw();
  auto& p = at_.parameters;
  if (PQenterPipelineMode(raw) == 0
      || PQsendPrepare(raw, "", what.text.c_str(), p.size(), p.types()) == 0
      || PQsendDescribePrepared(raw, "") == 0 || PQpipelineSync(raw) == 0)
    return not_sent();
  at_.watch.arm(deadline_, time_to_stop());
  auto ended = read_flight([&types](const PGresult* x) {
    for (int i = 0; i < PQnparams(x); ++i)
      types.push_back(PQparamtype(x, i));
  });
  late_ = at_.watch.disarm();
  if (!ended || PQexitPipelineMode(raw) == 0)
    return late_ && at_.channel.interrupter().is_shut_down()
             ? gave_up()
             : lost(failure_ ? failure_->text : pg_error_text(raw),
                    failure_ ? failure_->sqlstate : std::string{});
  if (failure_)
    return refused(*failure_);
  return std::nullopt;
}

// Reads what the server says to the commands of a pipeline, up to the next
// point of synchronisation. Returns false if that cannot be reached.
bool pg_execution::read_flight(
  const std::function<void(const PGresult*)>& on_result) {
  auto* raw = at_.channel.raw();
  for (auto ends = 0; ends < 2;) {
    if (at_.channel.wait(never) != pg_wait::ready)
      return false;
    pg_portion portion{PQgetResult(raw)};
    // Nothing stands between two commands; twice means that libpq gave up.
    ends = portion ? 0 : ends + 1;
    auto status = portion ? PQresultStatus(portion.get()) : PGRES_COMMAND_OK;
    if (status == PGRES_PIPELINE_SYNC)
      return true;
    if (status == PGRES_FATAL_ERROR && !failure_)
      failure_ = pg_server_error::from(portion.get());
    else if (portion)
      on_result(portion.get());
  }
  return false;
}

// The types are said, not inferred again: whoever finds the name taken knows
// them.
std::optional<error> pg_execution::hold(entry& what, std::vector<Oid> types) {
  auto* raw = at_.channel.raw();
  auto name = pg_statement_name(what.text, types);
  // In a transaction an error would be too high a price.
  auto alone = before_ == PQTRANS_IDLE;
  auto used_before = at_.cache.is_garbage(name);
  auto may_be_taken = at_.condition.shared_session || used_before;
  if (!alone && may_be_taken)
    return std::nullopt;
  // A pooler that keeps names apart lets none be prepared twice, and hears of
  // no DEALLOCATE.
  if (at_.condition.shared_session && used_before) {
    what.unfit = true;
    return std::nullopt;
  }
  if (may_drop() && !drop(at_.cache.take_garbage(name)))
    return lost("no answer while statements were dropped", {});
  if (PQsendPrepare(raw, name.c_str(), what.text.c_str(),
                    static_cast<int>(types.size()), types.data())
      == 0)
    return not_sent();
  auto outcome = collect();
  auto exists = !outcome && failure_ && failure_->sqlstate == "42P05";
  if (!outcome && !exists)
    return outcome.error();
  if (exists && !alone)
    return outcome.error();
  failure_.reset();
  what.name = std::move(name);
  what.types = std::move(types);
  what.adopted = exists;
  return std::nullopt;
}

bool pg_execution::may_drop() const noexcept {
  return before_ == PQTRANS_IDLE && !at_.condition.shared_session;
}

// In one round trip, unless somebody dropped one of them: the first error ends
// a message.
bool pg_execution::drop(const std::vector<std::string>& garbage) {
  std::string all;
  for (auto& sql : garbage)
    all += sql;
  if (all.empty())
    return true;
  auto answer = at_.channel.run(all.c_str(), deadline_);
  for (auto i = garbage.begin(); !answer.text.empty() && i != garbage.end();
       ++i)
    if (at_.channel.run(i->c_str(), deadline_).wait != pg_wait::ready)
      return false;
  return answer.wait == pg_wait::ready;
}

bool pg_execution::may_be_outdated(const entry& what) const {
  if (!failure_ || !failure_->may_be_outdated())
    return false;
  // A value is not to blame if there is none, or if its type was said.
  return !failure_->sqlstate.starts_with("22")
         || !(what.types.empty() || what.traits.typed);
}

void pg_execution::outdate(entry& what, std::string_view sqlstate) {
  if (sqlstate == "26000") {
    // Somebody dropped it, maybe all.
    what.name.clear();
    at_.cache.doubt_all();
    return;
  }
  // Whoever else uses it may bring it back as it was.
  auto adopted = what.adopted;
  at_.cache.forget(what);
  at_.proofs.outdate_prepared();
  if (adopted) {
    what.unfit = true;
    what.prepared_epoch = at_.proofs.prepared_epoch();
  }
}

} // namespace caf_pool
