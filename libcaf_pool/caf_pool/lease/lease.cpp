#include "caf_pool/lease/lease.hpp"

#include "caf_pool/front/slot_lender.hpp"
#include "caf_pool/lease/own_transaction.hpp"
#include "caf_pool/lease/pooled_connection.hpp"

#include <algorithm>

namespace caf_pool {

namespace {

condition condition_of(trace left) noexcept {
  switch (left) {
    case trace::clean:
      return condition::clean;
    case trace::dirty:
      return condition::dirty;
    case trace::broken:
      return condition::broken;
  }
  return condition::broken;
}

} // namespace

connection& lease::get() const noexcept {
  return *pooled().object;
}

std::optional<error> lease::unusable() const {
  if (!loan_)
    return error{errc::lease_released,
                 "the lease was given back before this use; acquire another",
                 {}};
  if (!loan_.table->holds(loan_))
    return error{errc::lease_lost,
                 "the pool took the connection away, because it was held for "
                 "too long or the pool was shut down; acquire another",
                 {}};
  return std::nullopt;
}

time_point lease::deadline_of(std::optional<duration> limit) const {
  // The limit of the whole transaction stands in for that of each statement.
  if (!limit && inside_ != nullptr && inside_->limit() != never)
    return inside_->limit();
  auto time = limit.value_or(pooled().execute_timeout.load());
  return add_saturated(clock::now(), std::max(time, duration::zero()));
}

result<sql_result> lease::execute(const sql_statement& what,
                                  std::optional<duration> limit) {
  if (auto why = unusable())
    return *std::move(why);
  auto deadline = deadline_of(limit);
  return inside_ != nullptr ? inside_->execute(what, deadline)
                            : pooled().execute(what, deadline);
}

result<std::vector<sql_result>> lease::transaction(
  const std::vector<sql_statement>& statements, std::optional<duration> limit) {
  if (auto why = unusable())
    return *std::move(why);
  auto results = pooled().execute_all(statements, deadline_of(limit));
  if (!results && inside_ != nullptr)
    inside_->refused(results.error());
  return results;
}

result<outcome> lease::run(const work& what, std::optional<duration> limit) {
  if (auto why = unusable())
    return *std::move(why);
  auto* sql = std::get_if<sql_batch>(&what.what);
  if (sql != nullptr && sql->statements.size() == 1 && inside_ != nullptr) {
    auto answer = execute(sql->statements.front(), limit);
    if (!answer)
      return answer.error();
    return outcome{std::vector{*std::move(answer)}};
  }
  auto done = pooled().run(what, true, deadline_of(limit));
  if (!done && inside_ != nullptr)
    inside_->refused(done.error());
  return done;
}

result<void> lease::commit_all_of(
  const std::function<result<void>(lease&)>& work, time_point limit) {
  auto mine = loan_;
  auto ours = own_transaction{pooled(), limit};
  auto deadline
    = [&] { return limit != never ? limit : deadline_of(std::nullopt); };
  if (auto begun = ours.begin(deadline()); !begun)
    return begun;
  // If `work` throws, the lease comes back with an open transaction, which the
  // pool rolls back.
  auto outcome = [&] {
    struct leave {
      lease& self;
      ~leave() {
        self.inside_ = nullptr;
      }
    };
    inside_ = &ours;
    auto at_end = leave{*this};
    return work(*this);
  }();
  auto lost = unusable();
  if (loan_ != mine && !lost)
    lost = error{errc::lease_released,
                 "the function put another lease in the place of its own; "
                 "nothing was committed",
                 {}};
  if (lost)
    return outcome ? *std::move(lost) : outcome.error();
  if (outcome)
    return ours.commit(deadline());
  ours.roll_back();
  return outcome;
}

void lease::release() noexcept {
  if (auto held = std::exchange(loan_, {})) {
    auto& conn = *static_cast<pooled_connection*>(held.object);
    held.table->give_back(held, condition_of(conn.object->state()));
  }
}

void lease::discard(std::string reason) {
  if (auto held = std::exchange(loan_, {})) {
    if (held.table->holds(held))
      static_cast<pooled_connection*>(held.object)->discarded_because
        = std::move(reason);
    held.table->give_back(held, condition::broken);
  }
}

bool lease::lost() const noexcept {
  return loan_
         && (!loan_.table->holds(loan_)
             || pooled().object->state() == trace::broken);
}

} // namespace caf_pool
