#include "caf_pool/admin/readiness.hpp"

#include "caf_pool/admin/json/json.hpp"

#include "admin/samples.hpp"
#include "support/catch_compat.hpp"

#include <nlohmann/json.hpp>

#include <chrono>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

node_facts serving() {
  node_facts x;
  x.phase = node_phase::serving;
  return x;
}

readiness judge(pool_status status, bool required = true) {
  auto pool = test::sample_pool();
  pool.status = status;
  pool.required = required;
  return judge_readiness(serving(), test::overview_of({pool}));
}

} // namespace

TEST_CASE("a node is ready while every required pool can serve", "[A06]") {
  CHECK(judge(pool_status::up).ready);
  CHECK(judge(pool_status::degraded).ready);
  CHECK_FALSE(judge(pool_status::down).ready);
  CHECK_FALSE(judge(pool_status::paused).ready);
  CHECK_FALSE(judge(pool_status::draining).ready);
  CHECK_FALSE(judge(pool_status::closed).ready);
}

TEST_CASE("a pool that is not required keeps no node from being ready",
          "[A06]") {
  CHECK(judge(pool_status::down, false).ready);
}

TEST_CASE("a node that cannot serve names pool and cause", "[A06]") {
  auto pool = test::sample_pool();
  pool.status = pool_status::down;
  pool.reasons = {"breaker open for 5s", "6 failures to open in a row"};
  auto verdict = judge_readiness(serving(), test::overview_of({pool}));
  REQUIRE(verdict.reasons.size() == 1);
  CHECK(verdict.reasons[0]
        == "pool db_main is down: breaker open for 5s, 6 failures to open in "
           "a row");
}

TEST_CASE("a node is not ready while it starts or drains") {
  auto pools = test::overview_of({test::sample_pool()});
  node_facts node;
  node.phase = node_phase::starting;
  CHECK(judge_readiness(node, pools).reasons
        == std::vector<std::string>{"the node is starting"});
  node.phase = node_phase::draining;
  CHECK(judge_readiness(node, pools).reasons
        == std::vector<std::string>{"the node is draining"});
}

TEST_CASE("a node is not ready before its manager has answered once") {
  pool_overview unknown;
  unknown.stale = true;
  unknown.trouble = {errc::restarted, "it is gone", {}};
  auto verdict = judge_readiness(serving(), unknown);
  REQUIRE(verdict.reasons.size() == 1);
  CHECK(verdict.reasons[0]
        == "the manager has not answered yet: restarted: it is gone");
}

TEST_CASE("a manager may be late for a while, but not for long") {
  auto x = test::overview_of({test::sample_pool()});
  x.stale = true;
  x.age = max_overview_age;
  CHECK(judge_readiness(serving(), x).ready);
  x.age += 1s;
  auto verdict = judge_readiness(serving(), x);
  REQUIRE(verdict.reasons.size() == 1);
  CHECK(verdict.reasons[0] == "the manager has not answered for 11s");
}

TEST_CASE("the verbose answer has every pool and the last reload", "[A06]") {
  auto pool = test::sample_pool();
  pool.status = pool_status::degraded;
  pool.reasons = {"exhausted"};
  auto node = serving();
  node.uptime = 90s;
  node.last_reload = reload_outcome{false, "max_size: must be from 1", 5s};
  auto x = test::overview_of({pool});
  auto doc = readiness_json(judge_readiness(node, x), node, x, true);
  CHECK(doc == json_document::parse(R"({
    "status": "ready",
    "reasons": [],
    "phase": "serving",
    "uptime": 90.0,
    "last_reload": {
      "successful": false,
      "text": "max_size: must be from 1",
      "age": 5.0
    },
    "pools": {
      "db_main": {
        "status": "degraded",
        "serving": true,
        "required": true,
        "reasons": ["exhausted"]
      }
    }
  })"));
  CHECK(readiness_json(judge_readiness(node, x), node, x, false)
        == json_document::parse(R"({"status": "ready", "reasons": []})"));
}
