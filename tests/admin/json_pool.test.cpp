#include "caf_pool/admin/json/json.hpp"

#include "admin/samples.hpp"
#include "support/catch_compat.hpp"

#include <nlohmann/json.hpp>

#include <chrono>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

json_document literal(const char* text) {
  return json_document::parse(text);
}

json_document document_of(const pool_snapshot& x) {
  auto all = test::overview_of({x});
  all.pools[0].now.peak_leased = 12;
  return pool_json(all.pools[0], all);
}

} // namespace

TEST_CASE("a pool's document has its current state", "[A05]") {
  CHECK(document_of(test::sample_pool())["current_state"] == literal(R"({
    "active_connections": 5,
    "idle_connections": 6,
    "waiting_requests": 4,
    "total": 12,
    "available": 6,
    "in_use": 5,
    "utilization": 0.4166666666666667,
    "peak_connections": 12,
    "opening": 0,
    "resetting": 0,
    "probing": 1,
    "closing": 0,
    "quarantined": 0,
    "longest_wait": 0.25,
    "pool_size": 10,
    "overflow": 2,
    "min_size": 2,
    "max_size": 30,
    "max_overflow": 20,
    "max_waiters": 300
  })"));
}

TEST_CASE("a pool's document has its health metrics", "[A05]") {
  CHECK(document_of(test::sample_pool())["health_metrics"] == literal(R"({
    "total_connections_created": 15,
    "total_connections_closed": 3,
    "connection_errors": 8,
    "connection_timeouts": 7,
    "avg_connection_acquisition_time": 0.02,
    "max_connection_acquisition_time": 1.5,
    "health_check_failures": 3,
    "last_health_check": null,
    "pool_exhausted_count": 9
  })"));
}

TEST_CASE("a pool's document tells how well it performs", "[A05]") {
  auto doc = document_of(test::sample_pool())["performance"];
  CHECK(doc["throughput"] == 0.5);
  CHECK(doc["error_rate"] == 0.1);
  CHECK(doc["recycle_rate"] == 0.02);
  CHECK(doc["response_time"]["count"] == 1);
  CHECK(doc["response_time"]["max"] == 0.002);
  CHECK(doc["wait_time"]["max"] == 1.5);
  CHECK(doc["use_time"]["count"] == 1);
  CHECK(doc["open_time"]["mean"] == 0.004);
  for (auto key : {"count", "mean", "p50", "p95", "p99", "max"})
    CHECK(doc["wait_time"].contains(key));
}

TEST_CASE("a pool that has done nothing yet divides nothing by zero") {
  pool_snapshot fresh;
  fresh.name = "fresh";
  auto doc = document_of(fresh);
  CHECK(doc["performance"]["throughput"] == 0.0);
  CHECK(doc["performance"]["error_rate"] == 0.0);
  CHECK(doc["performance"]["wait_time"]["mean"] == 0.0);
  CHECK(doc["current_state"]["utilization"] == 0.0);
  CHECK(doc["last_error"].is_null());
}

TEST_CASE("a pool's document has every counter", "[A05]") {
  pool_snapshot pool;
  pool.name = "main";
  // Each counter another number; the record is nothing but counters.
  constexpr auto n = sizeof(pool_counters) / sizeof(std::uint64_t);
  auto* first = &pool.counters.acquired;
  for (std::size_t i = 0; i < n; ++i)
    first[i] = i + 1;
  auto doc = document_of(pool)["counters"];
  REQUIRE(doc.size() == n);
  std::size_t i = 0;
  for (auto& [key, value] : doc.items())
    CHECK(value == ++i);
}

TEST_CASE("a pool's document says who holds its connections", "[trap-T70]") {
  auto pool = test::sample_pool();
  lease_id id{pool_epoch{2}, connection_id{7}, 41};
  pool.leases = {{id, "thread 12 at orders.cpp:57", 90s, true}};
  CHECK(document_of(pool)["leases"] == literal(R"([
    {"id": "2.7.41", "holder": "thread 12 at orders.cpp:57", "held": 90.0,
     "suspected": true}
  ])"));
}

TEST_CASE("a pool's document shows each connection", "[A06]") {
  auto pool = test::sample_pool();
  pool.connections
    = {{{7}, "leased", 90s, 0s, 41}, {{9}, "idle", 1s, 500ms, 2}};
  CHECK(document_of(pool)["connections"] == literal(R"([
    {"id": "7", "state": "leased", "age": 90.0, "unused_for": 0.0, "uses": 41},
    {"id": "9", "state": "idle", "age": 1.0, "unused_for": 0.5, "uses": 2}
  ])"));
}

TEST_CASE("a pool's document begins with what it is and how it is", "[A06]") {
  auto pool = test::sample_pool();
  pool.status = pool_status::degraded;
  pool.reasons = {"exhausted"};
  pool.breaker = breaker_state::half_open;
  auto doc = document_of(pool);
  CHECK(doc["name"] == "db_main");
  CHECK(doc["backend"] == "postgres");
  CHECK(doc["status"] == "degraded");
  CHECK(doc["required"] == true);
  CHECK(doc["reasons"] == literal(R"(["exhausted"])"));
  CHECK(doc["uptime"] == 100.0);
  CHECK(doc["breaker"]
        == literal(R"({"state": "half_open", "open_for": 0.0})"));
}
