#include "caf_pool/lease/lease.hpp"

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

result<sql_result> lease::execute(const sql_statement& what,
                                  std::optional<duration> limit) {
  if (auto why = unusable())
    return *std::move(why);
  auto& held = pooled();
  return held.execute(what, clock::now()
                              + limit.value_or(held.execute_timeout.load()));
}

result<std::vector<sql_result>> lease::transaction(
  const std::vector<sql_statement>& statements, std::optional<duration> limit) {
  if (auto why = unusable())
    return *std::move(why);
  auto& held = pooled();
  return held.execute_all(
    statements, clock::now() + limit.value_or(held.execute_timeout.load()));
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
