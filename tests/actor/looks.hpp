#pragma once

#include "caf_pool/any_pool.hpp"

#include "support/eventually.hpp"

#include <utility>

// What a pool tells of itself.

namespace caf_pool::test {

/// What a pool tells of itself, however long that takes.
inline pool_snapshot look(const any_pool& db) {
  return db.snapshot(patience).value();
}

/// Ends a pool. The answer to the first order may come too late to be heard.
inline bool drained(any_pool& db, duration limit) {
  return eventually([&] { return db.drain(limit).has_value(); });
}

/// Waits until a pool's numbers are as they should be.
template <class Predicate>
bool shows(const any_pool& db, Predicate&& predicate) {
  return eventually([&] {
    auto now = db.snapshot();
    return now && predicate(*now);
  });
}

inline bool waiting(const any_pool& db, std::uint32_t n) {
  return shows(db, [n](auto& x) { return x.gauges.waiting == n; });
}

/// Nothing is leased, on its way or waited for.
inline bool at_rest(const any_pool& db) {
  return shows(db, [](auto& x) {
    return x.gauges.total() == x.gauges.idle && x.gauges.waiting == 0;
  });
}

} // namespace caf_pool::test
