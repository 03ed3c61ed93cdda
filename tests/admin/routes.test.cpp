#include "caf_pool/admin/http/routes.hpp"

#include "admin/samples.hpp"
#include "support/catch_compat.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <stdexcept>

using namespace caf_pool;
using test::request_for;
using json = nlohmann::json;

namespace {

constexpr auto pools = "/api/v1/admin/connection-pools";

admin_response get(const std::string& target) {
  static const auto facts
    = test::facts_of({test::sample_redis(), test::sample_pool()});
  return answer(request_for(target), facts);
}

std::string allowed(const admin_response& x) {
  for (auto& [name, value] : x.headers)
    if (name == "Allow")
      return value;
  return {};
}

} // namespace

TEST_CASE("every route of the index page answers", "[A06]") {
  for (auto& route : admin_routes()) {
    auto path = std::string{route.path};
    if (auto gap = path.find("<pool>"); gap != path.npos)
      path.replace(gap, 6, "db_main");
    INFO(path);
    auto reply = get(path);
    CHECK(reply.status == 200);
    CHECK_FALSE(reply.body.empty());
    CHECK_FALSE(reply.type.empty());
    if (reply.type == "application/json")
      CHECK_FALSE(json::parse(reply.body).is_discarded());
    // HEAD finds the same.
    auto facts = test::facts_of({test::sample_pool()});
    CHECK(answer(request_for(path, "HEAD"), facts).status == 200);
  }
}

TEST_CASE("the index page links to what can be followed") {
  auto reply = get("/");
  CHECK(reply.type == "text/html; charset=utf-8");
  CHECK_THAT(reply.body, ContainsSubstring("<a href=\"/metrics\">"));
  CHECK_THAT(reply.body, ContainsSubstring("connection-pools/&lt;pool&gt;"));
  CHECK_THAT(reply.body, ContainsSubstring("test-node (caf_pool 1.2.3)"));
}

TEST_CASE("the index page tells clients where to go instead") {
  auto facts = test::facts_of({});
  facts.node.remote = "127.0.0.1:4700";
  auto reply = answer(request_for("/"), facts);
  using header = std::pair<std::string, std::string>;
  CHECK(std::count(reply.headers.begin(), reply.headers.end(),
                   header{"X-Caf-Pool-Remote", "127.0.0.1:4700"})
        == 1);
}

TEST_CASE("the index page escapes the node's name") {
  auto facts = test::facts_of({});
  facts.name = "<script>\"&";
  auto reply = answer(request_for("/"), facts);
  CHECK(reply.body.find("<script>") == std::string::npos);
  CHECK_THAT(reply.body, ContainsSubstring("&lt;script&gt;&quot;&amp;"));
}

TEST_CASE("a node that lives but cannot serve is alive and not ready",
          "[A06]") {
  auto pool = test::sample_pool();
  pool.status = pool_status::down;
  pool.reasons = {"6 failures to open in a row"};
  auto facts = test::facts_of({pool});
  CHECK(answer(request_for("/livez"), facts).status == 200);
  for (auto path : {"/readyz", "/healthz", "/readyz?verbose"}) {
    auto reply = answer(request_for(path), facts);
    CHECK(reply.status == 503);
    auto doc = json::parse(reply.body);
    CHECK(doc["status"] == "not ready");
    CHECK(doc["reasons"][0]
          == "pool db_main is down: 6 failures to open in a row");
  }
}

TEST_CASE("readiness says more if asked to") {
  CHECK_FALSE(json::parse(get("/readyz").body).contains("pools"));
  CHECK(json::parse(get("/readyz?verbose").body)["pools"].size() == 2);
  CHECK(json::parse(get("/healthz").body)["pools"].size() == 2);
}

TEST_CASE("a draining node is not ready, and shows everything as before",
          "[A04]") {
  auto facts = test::facts_of({test::sample_pool()});
  facts.node.phase = node_phase::draining;
  CHECK(answer(request_for("/readyz"), facts).status == 503);
  CHECK(answer(request_for("/livez"), facts).status == 200);
  CHECK(answer(request_for("/metrics"), facts).status == 200);
  CHECK(answer(request_for(std::string{pools} + "/stats"), facts).status
        == 200);
}

TEST_CASE("metrics have the type that Prometheus expects") {
  auto reply = get("/metrics");
  CHECK(reply.type == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(test::metric(reply.body, "caf_pool_ready") == "1");
}

TEST_CASE("a pool is found by its name") {
  auto reply = get(std::string{pools} + "/cache");
  CHECK(reply.status == 200);
  CHECK(json::parse(reply.body)["backend"] == "redis");
  CHECK(get(std::string{pools} + "/%63ache").status == 200);
}

TEST_CASE("a pool that does not exist is not found, with those that do",
          "[A01]") {
  auto reply = get(std::string{pools} + "/nope");
  CHECK(reply.status == 404);
  CHECK(reply.type == "application/problem+json");
  CHECK_THAT(reply.body, ContainsSubstring("there are: cache, db_main."));
  auto none = test::facts_of({});
  none.pools.known = false;
  CHECK(answer(request_for(std::string{pools} + "/nope"), none).status == 503);
}

TEST_CASE("errors are documents of RFC 9457", "[A01]") {
  auto reply = get("/no/such?thing");
  CHECK(reply.status == 404);
  CHECK(reply.type == "application/problem+json");
  CHECK(json::parse(reply.body) == json::parse(R"({
    "type": "about:blank",
    "title": "Not Found",
    "status": 404,
    "detail": "There is nothing here; / lists what there is.",
    "instance": "/no/such"
  })"));
}

TEST_CASE("paths are exact", "[A01]") {
  for (auto path :
       {"//", "/livez/", "/LIVEZ", "/livez/..", "/./livez", "/api",
        "/api/v1/admin/connection-pools/", "/api/v1/admin/connection-pools//",
        "/api/v1/admin/connection-pools/a/b",
        "/api/v1/admin/connection-pools/%2fcache", "/livez%2f"})
    CHECK(get(path).status == 404);
}

TEST_CASE("nothing can be changed by any verb", "[A03]") {
  auto facts = test::facts_of({test::sample_pool()});
  for (auto method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE",
                      "CONNECT", "get", "BREW", ""})
    for (auto& route : admin_routes()) {
      auto reply = answer(request_for(std::string{route.path}, method), facts);
      CHECK(reply.status == 405);
      CHECK(allowed(reply) == "GET, HEAD");
      CHECK(reply.type == "application/problem+json");
    }
}

TEST_CASE("a change by GET does not exist", "[A03]") {
  for (auto path : {"/reset", "/reset-stats", "/quit", "/drain", "/pause",
                    "/api/v1/admin/connection-pools/reset-stats",
                    "/api/v1/admin/connection-pools/optimize"})
    CHECK(get(path).status == 404);
  auto facts = test::facts_of({});
  CHECK(answer(request_for("/reset", "POST"), facts).status == 404);
}

TEST_CASE("strangers learn nothing, not even which paths exist") {
  auto facts = test::facts_of({test::sample_pool()});
  for (auto path : {"/", "/livez", "/metrics", "/nope"}) {
    auto x = request_for(path);
    x.hosts = {"evil.example"};
    CHECK(answer(x, facts).status == 421);
    CHECK_FALSE(needs_pools(x));
    x.hosts = {"localhost"};
    x.origins = {"http://evil.example"};
    CHECK(answer(x, facts).status == 403);
  }
}

TEST_CASE("only what shows pools waits for them", "[A04]") {
  for (auto path : {"/", "/livez", "/nope", "/%zz",
                    "/api/v1/admin/connection-pools/config"})
    CHECK_FALSE(needs_pools(request_for(path)));
  CHECK_FALSE(needs_pools(request_for("/metrics", "POST")));
  for (auto path :
       {"/readyz", "/healthz", "/metrics", "/api/v1/admin/connection-pools",
        "/api/v1/admin/connection-pools/stats",
        "/api/v1/admin/connection-pools/main"})
    CHECK(needs_pools(request_for(path)));
}

TEST_CASE("the configuration is shown as the node gives it") {
  auto facts = test::facts_of({});
  facts.config = [] { return std::string{"{\"x\": 1}\n"}; };
  auto reply = answer(request_for(std::string{pools} + "/config"), facts);
  CHECK(reply.body == "{\"x\": 1}\n");
  CHECK(reply.type == "application/json");
}

TEST_CASE("a handler that throws is an error of the server", "[A01]") {
  auto facts = test::facts_of({});
  facts.config = []() -> std::string { throw std::runtime_error{"broken"}; };
  auto reply = answer(request_for(std::string{pools} + "/config"), facts);
  CHECK(reply.status == 500);
  CHECK_THAT(reply.body, ContainsSubstring("broken"));
}
