#include "caf_pool/core/pool_event.hpp"

#include "caf_pool/core/pool_snapshot.hpp"

#include "support/catch_compat.hpp"

#include <cstdint>
#include <set>

using namespace caf_pool;

TEST_CASE("every kind of event has a name of its own") {
  std::set<std::string_view> names;
  for (int i = 1; i <= static_cast<int>(last_event_kind); ++i) {
    auto kind = static_cast<event_kind>(i);
    CAPTURE(i);
    CHECK(to_string(kind) != "unknown");
    CHECK(names.insert(to_string(kind)).second);
  }
  CHECK(to_string(event_kind{0}) == "unknown");
}

TEST_CASE("what needs somebody's attention is logged as an error") {
  std::set<std::string_view> of[5];
  for (int i = 1; i <= static_cast<int>(last_event_kind); ++i) {
    auto kind = static_cast<event_kind>(i);
    of[static_cast<std::size_t>(severity_of(kind))].insert(to_string(kind));
  }
  using names = std::set<std::string_view>;
  auto with = [&](severity x) { return of[static_cast<std::size_t>(x)]; };
  CHECK(with(severity::error)
        == names{"lease_revoked", "pool_down", "pool_restarted",
                 "invariant_broken"});
  CHECK(with(severity::warning)
        == names{"open_failed", "connection_lost", "breaker_changed",
                 "exhausted", "leak_suspected", "freeze_detected",
                 "server_warning", "pool_degraded"});
  CHECK(with(severity::debug)
        == names{"connection_opened", "connection_retired"});
}

TEST_CASE("states of pools and breakers have names") {
  CHECK(to_string(pool_status::degraded) == "degraded");
  CHECK(to_string(static_cast<pool_status>(99)) == "unknown");
  CHECK(to_string(breaker_state::half_open) == "half_open");
  CHECK(to_string(static_cast<breaker_state>(99)) == "unknown");
}

TEST_CASE("gauges add up to what counts against the maximum", "[trap-T6]") {
  pool_gauges x;
  x.opening = 1;
  x.idle = 2;
  x.leased = 4;
  x.resetting = 8;
  x.probing = 16;
  x.closing = 32;
  x.quarantined = 64;
  x.waiting = 1000;
  CHECK(x.total() == 127);
}

TEST_CASE("utilization is the leased share, and zero without connections") {
  pool_snapshot x;
  CHECK(x.utilization() == 0.0);
  x.gauges.idle = 1;
  x.gauges.leased = 3;
  CHECK(x.utilization() == 0.75);
}
