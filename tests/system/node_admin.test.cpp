// The admin server of a real node, asked over its port.

#include "caf_pool/remote/client.hpp"
#include "caf_pool/remote/token_file.hpp"

#include "node_program.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/free_port.hpp"
#include "support/http_client.hpp"

#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;
using json = nlohmann::json;

namespace {

constexpr auto base = "/api/v1/admin/connection-pools";
constexpr auto canary = "S3cr3tCanary";

/// A node that has served a little.
struct used_node : running_node {
  used_node() {
    REQUIRE(ctl({"exec", "main", "CREATE TABLE t (x INTEGER)"}).status == 0);
    REQUIRE(ctl({"exec", "main", "INSERT INTO t VALUES (1)"}).status == 0);
    REQUIRE(ctl({"exec", "main", "SELEKT"}).status == 1);
  }

  /// Waits for an answer: a client that stands still for long gets none.
  http_reply get(const std::string& path) const {
    http_reply result;
    eventually([&] {
      result = fetch(admin_port(), path);
      return result.status != 0;
    });
    return result;
  }

  /// Waits for an answer that is as expected: what a node shows may be old if
  /// its pools do not answer at once.
  template <class Predicate>
  http_reply get_until(const std::string& path, Predicate expected) const {
    http_reply result;
    auto come = eventually([&] {
      result = fetch(admin_port(), path);
      return result.status != 0 && expected(result);
    });
    CAPTURE(path, result.status, result.body);
    CHECK(come);
    return result;
  }

  http_reply get_until(const std::string& path, int status,
                       const std::string& part = "") const {
    return get_until(path, [&](auto& x) {
      return x.status == status && x.body.find(part) != std::string::npos;
    });
  }

  /// What the pools said after the request had come.
  json get_json(const std::string& path) const {
    auto reply = get_until(path, [](auto& x) {
      return x.status == 200
             && (!json::accept(x.body)
                 || !json::parse(x.body).contains("stale"));
    });
    CHECK(reply.headers["content-type"] == "application/json");
    return json::parse(reply.body);
  }

  remote_client client() const {
    remote_options x;
    x.address = remote;
    x.token
      = token_from_file((folder.path / "token").string(), "local").value();
    x.connect_limit = patience;
    return remote_client::connect(x).value();
  }
};

/// Returns what promtool says of metrics, or nothing if it is not installed.
std::optional<finished_process> promtool(const std::string& metrics) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0)
    return std::nullopt;
  return run({.command = {"promtool", "check", "metrics"}}, metrics);
}

} // namespace

// -- routes -------------------------------------------------------------------

TEST_CASE("a node's probes tell whether it lives and whether it is ready",
          "[A06]") {
  used_node x;
  CHECK(x.get("/livez").status == 200);
  x.get_until("/readyz", 200);
  x.get_until("/healthz", 200, "main");
  // A pool that must serve, and does not.
  REQUIRE(x.ctl({"pause", "main", "--yes"}).status == 0);
  x.get_until("/readyz", 503, "pool main is paused");
  CHECK(x.get("/livez").status == 200);
  REQUIRE(x.ctl({"resume", "main"}).status == 0);
  x.get_until("/readyz", 200);
}

TEST_CASE("a node's numbers are those of what it did", "[A05]") {
  used_node x;
  auto detail_path = std::string{base} + "/main";
  x.get_until(detail_path, 200, "\"executed\": 3");
  auto detail = x.get_json(detail_path);
  CHECK(detail["name"] == "main");
  CHECK(detail["backend"] == "sqlite");
  CHECK(detail["counters"]["executed"] == 3);
  CHECK(detail["counters"]["execute_errors"] == 1);
  auto stats = x.get_json(std::string{base} + "/stats");
  CHECK(!stats.empty());
  x.get_until(std::string{base} + "/health", 200, "\"serving\": true");
  auto list = x.get_json(base);
  CHECK_THAT(list.dump(), ContainsSubstring("\"main\""));
  auto config = x.get_json(std::string{base} + "/config");
  CHECK_THAT(config.dump(), ContainsSubstring("max_size"));
  auto metrics
    = x.get_until("/metrics", 200, "caf_pool_executes_total{pool=\"main\"} 3");
  CHECK_THAT(metrics.headers["content-type"], StartsWith("text/plain"));
}

TEST_CASE("paths and verbs that a node does not know get 404 and 405",
          "[A01][A03]") {
  used_node x;
  CHECK(x.get("/nope").status == 404);
  auto none = x.get_until(std::string{base} + "/nosuch", 404, "main");
  CHECK(none.headers["content-type"] == "application/problem+json");
  for (auto* verb : {"POST", "PUT", "DELETE", "PATCH"}) {
    auto reply = fetch(x.admin_port(), "/metrics", verb);
    CHECK(reply.status == 405);
    CHECK(reply.headers["allow"] == "GET, HEAD");
  }
  http_client stranger{x.admin_port()};
  stranger.send("GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  auto reply = stranger.read();
  REQUIRE(reply);
  CHECK(reply->status == 421);
}

TEST_CASE("promtool finds nothing wrong with a node's metrics") {
  used_node x;
  auto before = x.get_until("/metrics", 200, "pool=\"main\"").body;
  auto verdict = promtool(before);
  if (!verdict) {
    WARN("promtool is not installed");
    return;
  }
  CAPTURE(verdict->out, verdict->err);
  CHECK(verdict->status == 0);
  CHECK(verdict->out.empty());
  CHECK(verdict->err.empty());
  // It does see what is wrong.
  auto bad = promtool("# TYPE Bad_total gauge\nBad_total 1\n");
  CHECK(bad->status != 0);
}

TEST_CASE("a node that drains is not ready, but lives and answers",
          "[A04][S05]") {
  used_node x;
  auto db = x.client();
  auto held = db.acquire("main");
  REQUIRE(held);
  x.node.signal(SIGTERM);
  x.get_until("/readyz", 503, "draining");
  CHECK(x.get("/livez").status == 200);
  CHECK(x.get("/metrics").status == 200);
  auto refused = db.acquire("main");
  CHECK(!refused);
  // Who has a lease may finish with it.
  CHECK(held->execute("SELECT 1"));
  held->release();
  CHECK(x.node.wait() == 0);
}

TEST_CASE("no secret shows in what a node says", "[X02][security-S7]") {
  scratch_folder folder;
  auto file = folder.write(
    "node.toml",
    "[pools.main]\nbackend = \"postgres\"\n"
    "[pools.main.postgres]\nhost = \"127.0.0.1\"\nport = "
      + std::to_string(free_port()) + "\nuser = \"app\"\ndatabase = \"app\"\n");
  auto options = node_options(folder, {"--config", file});
  options.environment["CAF_POOL__POOLS__MAIN__PASSWORD"] = canary;
  process node{options};
  auto line = node.wait_for_line("ready ");
  CAPTURE(node.err());
  REQUIRE(line);
  // Perhaps before it was ready.
  CHECK(node.wait_for_text("open_failed"));
  auto port = port_of(value_of(*line, "admin"));
  std::string said = node.err() + node.out();
  for (auto* path : {"/", "/healthz", "/readyz", "/metrics"})
    said += fetch(port, path).body;
  for (auto* path : {"", "/stats", "/health", "/config", "/main"})
    said += fetch(port, std::string{base} + path).body;
  for (auto* view : {"pools", "stats", "health", "leases"}) {
    process_options ctl;
    ctl.command = {program("CAF_POOL_CTL"),
                   "--json",
                   "--connect",
                   value_of(*line, "remote"),
                   "--token-file",
                   (folder.path / "token").string(),
                   view};
    auto shown = run(ctl);
    CHECK(shown.status == 0);
    said += shown.out + shown.err;
  }
  CHECK(said.find(canary) == std::string::npos);
  CHECK_THAT(said, ContainsSubstring("max_size"));
}

// -- limits -------------------------------------------------------------------

TEST_CASE("a slow or greedy client does not stop a node's admin server",
          "[A01][A04]") {
  used_node x;
  auto port = x.admin_port();
  // Nobody has closed these when the others are answered.
  http_client slow{port};
  slow.send("GET /livez HTTP/1.1\r\nX: ");
  http_client silent{port};
  auto huge = "X-Long: " + std::string(9000, 'x') + "\r\n";
  CHECK(fetch(port, "/livez", "GET", huge).status == 431);
  CHECK(fetch(port, '/' + std::string(5000, 'x')).status == 414);
  CHECK(fetch(port, "/livez", "POST", "Content-Length: 1048577\r\n").status
        == 413);
  {
    std::vector<http_client> many;
    auto served = 0;
    for (auto i = 0; i < 300; ++i) {
      auto& client = many.emplace_back(port);
      client.send(request_text("/livez"));
      auto reply = client.read();
      // Who is refused may find the connection reset before the answer.
      CHECK((!reply || reply->status == 200 || reply->status == 503));
      served += reply && reply->status == 200 ? 1 : 0;
    }
    // There may be 256 at a time: at that limit a newcomer takes the place of
    // the one that has kept the server waiting for longest.
    CHECK(served >= 256);
    // Callers of the pools notice nothing.
    CHECK(x.ctl({"exec", "main", "SELECT 1"}).status == 0);
  }
  CHECK(eventually([&] { return x.get("/livez").status == 200; }));
  // The limit of a header is five seconds.
  CHECK(slow.closed());
  CHECK(silent.closed());
}
