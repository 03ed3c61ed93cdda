#include "caf_pool/admin/json/json.hpp"

#include "admin/samples.hpp"
#include "support/catch_compat.hpp"

#include <nlohmann/json.hpp>

#include <chrono>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

// The order of members counts, too.
json_document literal(const char* text) {
  return json_document::parse(text);
}

} // namespace

TEST_CASE("stats have the layout that existing dashboards read", "[A05]") {
  auto x = test::overview_of({test::sample_redis(), test::sample_pool()});
  x.pools[1].now.peak_leased = 12;
  CHECK(stats_json(x) == literal(R"({
    "database_pools": {
      "db_main": {
        "active_connections": 5,
        "peak_connections": 12,
        "connections_created": 15,
        "connections_closed": 3,
        "average_wait_time": 0.02,
        "pool_size": 10,
        "overflow": 2
      }
    },
    "redis_pools": {
      "cache": {
        "in_use_connections": 3,
        "available_connections": 7,
        "created_connections": 10
      }
    },
    "recommendations": []
  })"));
}

TEST_CASE("a node without pools has empty groups, not missing ones") {
  pool_overview none;
  none.known = true;
  CHECK(stats_json(none) == literal(R"({
    "database_pools": {}, "redis_pools": {}, "recommendations": []
  })"));
  CHECK(health_json(none)
        == literal(R"({"database_pools": {}, "redis_pools": {}})"));
}

TEST_CASE("a pool below its base size has no overflow") {
  auto pool = test::sample_pool();
  pool.gauges = {};
  pool.gauges.leased = 10;
  auto doc = stats_json(test::overview_of({pool}));
  CHECK(doc["database_pools"]["db_main"]["overflow"] == 0);
  pool.gauges.opening = 1;
  doc = stats_json(test::overview_of({pool}));
  CHECK(doc["database_pools"]["db_main"]["overflow"] == 1);
}

TEST_CASE("grants of the fast lane count for the average wait") {
  auto pool = test::sample_pool();
  pool.counters.acquired = 1000;
  auto doc = stats_json(test::overview_of({pool}));
  CHECK(doc["database_pools"]["db_main"]["average_wait_time"] == 0.002);
  pool.counters.acquired = 0;
  pool.wait_time = {};
  doc = stats_json(test::overview_of({pool}));
  CHECK(doc["database_pools"]["db_main"]["average_wait_time"] == 0.0);
}

TEST_CASE("numbers that are old say so, and how old", "[A04]") {
  auto x = test::overview_of({test::sample_redis()});
  CHECK_FALSE(stats_json(x).contains("stale"));
  x.stale = true;
  x.age = 1500ms;
  for (auto& doc : {stats_json(x), health_json(x), list_json(x),
                    pool_json(x.pools[0], x)}) {
    CHECK(doc["stale"] == true);
    CHECK(doc["age"] == 1.5);
  }
  x.known = false;
  CHECK(stats_json(x)["age"].is_null());
}

TEST_CASE("health names the cause when a pool cannot serve",
          "[A06][trap-T70]") {
  auto pool = test::sample_pool();
  pool.status = pool_status::down;
  pool.reasons = {"breaker open for 5s"};
  pool.breaker = breaker_state::open;
  pool.breaker_open_for = 5s;
  pool.consecutive_open_failures = 6;
  pool.last_error = {errc::open_failed, "connection refused", "08001"};
  auto x = test::overview_of({pool});
  x.pools[0].last_probe = std::chrono::system_clock::time_point{86400s};
  CHECK(health_json(x) == literal(R"({
    "database_pools": {
      "db_main": {
        "status": "down",
        "serving": false,
        "required": true,
        "reasons": ["breaker open for 5s"],
        "breaker": {"state": "open", "open_for": 5.0},
        "consecutive_open_failures": 6,
        "health_checks": 20,
        "health_check_failures": 3,
        "last_health_check": "1970-01-02T00:00:00Z",
        "last_error": {
          "code": "open_failed",
          "message": "connection refused",
          "state": "08001"
        }
      }
    },
    "redis_pools": {}
  })"));
}

TEST_CASE("the list has every pool and the sums over all", "[A05]") {
  auto x = test::overview_of({test::sample_redis(), test::sample_pool()});
  CHECK(list_json(x) == literal(R"({
    "pools": [
      {"name": "cache", "backend": "redis", "status": "up", "total": 10,
       "available": 7, "in_use": 3, "waiting": 0},
      {"name": "db_main", "backend": "postgres", "status": "up", "total": 12,
       "available": 6, "in_use": 5, "waiting": 4}
    ],
    "totals": {"pools": 2, "total": 22, "available": 13, "in_use": 8,
               "waiting": 4}
  })"));
}

TEST_CASE("text that is no UTF-8 cannot break a document", "[A01]") {
  auto pool = test::sample_pool();
  pool.reasons = {"bad \xff bytes \"\n<script>"};
  auto text = render(health_json(test::overview_of({pool})));
  auto doc = json_document::parse(text);
  CHECK(doc["database_pools"]["db_main"]["reasons"][0]
        == "bad \xEF\xBF\xBD bytes \"\n<script>");
}

TEST_CASE("times of day are UTC") {
  CHECK(to_utc_text(std::chrono::system_clock::time_point{1735689599s})
        == "2024-12-31T23:59:59Z");
}
