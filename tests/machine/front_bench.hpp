#pragma once

#include "machine/pool_bench.hpp"

/// What the front shows of a slot, and how its holders give back.
namespace caf_pool {

inline front_view seen(std::uint64_t connection, std::uint64_t uses,
                       bool taken = false) {
  front_view result;
  result.connection = connection_id{connection};
  result.uses = uses;
  result.generation = uses;
  result.taken = taken;
  if (taken)
    result.holder = "thread 5";
  return result;
}

inline front_view taken(std::uint64_t connection, std::uint64_t uses,
                        time_point since) {
  auto result = seen(connection, uses, true);
  result.since = since;
  return result;
}

inline lease_end after(std::uint64_t uses, trace left = trace::clean) {
  lease_end result;
  result.left = left;
  result.front_uses = uses;
  return result;
}

inline lease_end broken_after(std::uint64_t uses) {
  auto result = after(uses, trace::broken);
  result.why = pool_bench::failure();
  return result;
}

} // namespace caf_pool
