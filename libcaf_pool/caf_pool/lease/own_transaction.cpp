#include "caf_pool/lease/own_transaction.hpp"

#include "caf_pool/backend/savepoint_text.hpp"

#include <algorithm>
#include <string>

namespace caf_pool {

namespace {

/// A rollback is to succeed although the deadline has passed.
constexpr duration time_to_roll_back = std::chrono::seconds{5};

bool is_open(const pooled_connection& x) noexcept {
  return is_open(x.object->transaction());
}

bool is_broken(const pooled_connection& x) noexcept {
  return x.object->state() == trace::broken;
}

void roll_back_on(pooled_connection& x) {
  auto deadline = add_saturated(clock::now(), time_to_roll_back);
  if (!x.execute("ROLLBACK", deadline) || is_open(x))
    x.object->abort();
}

} // namespace

own_transaction::own_transaction(pooled_connection& on, time_point limit)
  : on_(on), limit_(limit) {
  // nop
}

time_point own_transaction::within(time_point deadline) const {
  return std::min(deadline, limit_);
}

result<void> own_transaction::begin(time_point deadline) {
  if (is_open(on_))
    return already_open();
  before_ = on_.object->ended_transactions();
  if (auto begun = on_.execute("BEGIN", within(deadline)); !begun)
    return begun.error();
  return {};
}

bool own_transaction::is_over() const {
  return on_.object->transaction() == transaction_status::none
         || on_.object->ended_transactions() != before_;
}

result<sql_result> own_transaction::execute(const sql_statement& what,
                                            time_point deadline) {
  auto going_back = rolls_back_to_savepoint(what.text);
  if (!over_ && is_over())
    ended_by_statement();
  if (over_ || (doom_ && !going_back))
    return doomed("this statement was not executed");
  auto answer = on_.execute(what, within(deadline));
  ++executed_;
  if (is_broken(on_)) {
    doom_ = answer ? error{errc::connection_lost, "the connection broke", {}}
                   : answer.error();
    told_ = over_ = true;
  } else if (!answer) {
    doom_ = answer.error();
    over_ = is_over();
  } else if (is_over()) {
    return ended_by_statement();
  } else if (going_back) {
    doom_ = {};
  }
  return answer;
}

void own_transaction::refused(const error& why) {
  if (!doom_)
    doom_ = why;
}

error own_transaction::ended_by_statement() {
  told_ = over_ = true;
  auto after = on_.object->ended_transactions();
  auto stored = after.committed > before_.committed;
  auto undone = !stored && after.rolled_back > before_.rolled_back;
  auto text = "statement " + std::to_string(executed_)
              + " of the transaction ended it: "
                "what was executed until then is "
              + (stored   ? "stored"
                 : undone ? "rolled back"
                          : "stored if it was a COMMIT")
              + ", and nothing is executed after it. Leave BEGIN, COMMIT and "
                "ROLLBACK to transaction(), or write them all yourself on a "
                "lease";
  doom_ = {
    undone ? errc::rolled_back : errc::invalid_argument, std::move(text), {}};
  return doom_;
}

error own_transaction::doomed(std::string_view then) const {
  if (told_)
    return doom_;
  return {errc::rolled_back,
          std::string{then}
            + ", because an earlier statement of the transaction failed, so "
              "that all of it is rolled back ("
            + doom_.message
            + "). Return that error from the function; put SAVEPOINT before "
              "what may fail, and ROLLBACK TO behind it",
          doom_.state};
}

result<void> own_transaction::commit(time_point deadline) {
  if (!doom_ && is_broken(on_))
    return error{errc::connection_lost,
                 "the connection broke before COMMIT: nothing is stored",
                 {}};
  if (!over_ && is_over())
    ended_by_statement();
  if (!doom_ && on_.object->transaction() == transaction_status::failed) {
    told_ = true;
    doom_ = {errc::rolled_back,
             "nothing is stored: an error had rolled the transaction back",
             {}};
  }
  if (doom_) {
    roll_back();
    return doomed("nothing is stored");
  }
  auto done = on_.execute("COMMIT", within(deadline));
  if (done)
    return {};
  roll_back();
  return done.error();
}

void own_transaction::roll_back() {
  if (is_broken(on_))
    return;
  // What a backend cannot tell must be taken for open.
  if (on_.object->transaction() != transaction_status::none)
    roll_back_on(on_);
}

error already_open() {
  return {errc::invalid_argument,
          "a transaction is open on this connection already; end it first, or "
          "execute the statements in it one by one",
          {}};
}

error open_end_of(pooled_connection& on) {
  if (is_broken(on) || !is_open(on))
    return {};
  roll_back_on(on);
  return {errc::invalid_argument,
          "the statement left a transaction open, which is rolled back now; "
          "use transaction(), or a lease for several statements",
          {}};
}

} // namespace caf_pool
