#pragma once

#include "machine/pool_bench.hpp"

namespace caf_pool {

/// A pool whose breaker opens after two failures in a row, for ten seconds.
inline pool_config touchy() {
  auto result = pool_bench::plain();
  result.max_size = 3;
  result.breaker.consecutive_failures = 2;
  result.breaker.open_time = std::chrono::seconds{10};
  return result;
}

/// Opens the breaker by two failed openings for a caller that waits.
inline void open_breaker(pool_bench& pool) {
  pool.acquire(901, std::chrono::seconds{60});
  auto id = pool.uut.state().table.last_id();
  pool.open_failed(id);
  pool.pass(std::chrono::milliseconds{500});
  pool.open_failed(id + 1);
  REQUIRE(pool.uut.state().breaker.state() == breaker_state::open);
  pool.events();
}

} // namespace caf_pool
