#include "caf_pool/admin/http/server.hpp"

#include "caf_pool/admin/watch.hpp"

#include "admin/fake_node.hpp"
#include "admin/samples.hpp"
#include "support/catch_compat.hpp"
#include "support/free_port.hpp"
#include "support/http_client.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>

using namespace caf_pool;
using namespace std::chrono_literals;
using json = nlohmann::json;
using test::fetch;
using test::request_text;

namespace {

constexpr auto stats = "/api/v1/admin/connection-pools/stats";

// Waits for a node that does answer, and for clients, however busy the machine
// is.
admin_limits patient() {
  admin_limits x;
  x.look_time = x.header_time = x.idle_time = x.write_time = test::patience;
  return x;
}

struct fixture {
  explicit fixture(const admin_limits& limits = patient())
    : node(test::fake_node::make({test::sample_pool("main")})) {
    start(limits);
  }

  void start(const admin_limits& limits) {
    admin_config config;
    config.port = 0;
    uut = admin_server::start(config, node->source(), limits).value();
    port = uut->port();
  }

  std::shared_ptr<test::fake_node> node;
  std::unique_ptr<admin_server> uut;
  std::uint16_t port = 0;
};

bool is_stale(std::uint16_t port) {
  return json::parse(fetch(port, stats).body).contains("stale");
}

error start_error(const std::string& address, std::uint16_t port = 0) {
  admin_config config;
  config.address = address;
  config.port = port;
  auto node = test::fake_node::make({});
  auto uut = admin_server::start(config, node->source());
  return uut ? error{} : uut.error();
}

} // namespace

TEST_CASE("only this machine can reach the server") {
  for (auto address : {"0.0.0.0", "::", "192.168.1.7", "example.com", "",
                       "127.0.0.1.example.com"}) {
    auto why = start_error(address);
    CHECK(why.code == errc::config_invalid);
    CHECK_THAT(why.message, ContainsSubstring("neither TLS nor logins"));
    CHECK_THAT(why.message, ContainsSubstring("127.0.0.1"));
  }
  CHECK_FALSE(start_error("127.0.0.1"));
  CHECK_FALSE(start_error("localhost"));
  CHECK_FALSE(start_error("127.0.0.2"));
}

TEST_CASE("a port that is taken is named, with what to try") {
  fixture f;
  auto why = start_error("127.0.0.1", f.port);
  CHECK(why.code == errc::open_failed);
  CHECK_THAT(why.message, ContainsSubstring(std::to_string(f.port)));
  CHECK_THAT(why.message, ContainsSubstring("in use"));
  CHECK_THAT(why.message, ContainsSubstring("admin.port"));
}

TEST_CASE("a port can be used again at once") {
  // Nobody else gets it in between.
  auto port = test::free_port();
  for (auto i = 0; i < 2; ++i) {
    auto node = test::fake_node::make({});
    auto uut = admin_server::start({true, "127.0.0.1", port}, node->source(),
                                   patient());
    REQUIRE(uut);
    CHECK(fetch(port, "/livez").status == 200);
  }
}

TEST_CASE("answers come over HTTP", "[A05]") {
  fixture f;
  auto reply = fetch(f.port, stats);
  CHECK(reply.status == 200);
  CHECK(reply.headers["content-type"] == "application/json");
  CHECK(reply.headers["cache-control"] == "no-store");
  CHECK(reply.headers["x-content-type-options"] == "nosniff");
  auto date = reply.headers["date"]; // Sun, 06 Nov 1994 08:49:37 GMT
  CHECK(date.size() == 29);
  CHECK(date[3] == ',');
  CHECK(date.ends_with(" GMT"));
  CHECK(reply.headers.count("access-control-allow-origin") == 0);
  auto main = json::parse(reply.body)["database_pools"]["main"];
  CHECK(main["active_connections"] == 5);
  CHECK(fetch(f.port, "/metrics").headers["content-type"]
        == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(fetch(f.port, "/nope").headers["content-type"]
        == "application/problem+json");
}

TEST_CASE("an answer shows what was done before it was asked for", "[A05]") {
  fixture f;
  for (std::uint64_t i = 0; i < 50; ++i) {
    auto pool = test::sample_pool("main");
    pool.counters.opened = i;
    f.node->pools({pool});
    auto doc = json::parse(fetch(f.port, stats).body);
    REQUIRE_FALSE(doc.contains("stale"));
    REQUIRE(doc["database_pools"]["main"]["connections_created"] == i);
  }
}

TEST_CASE("a connection serves many requests, also sent ahead") {
  fixture f;
  test::http_client client{f.port};
  for (auto i = 0; i < 3; ++i) {
    client.send(request_text("/livez"));
    REQUIRE(client.read());
  }
  client.send(request_text("/livez") + request_text("/nope")
              + request_text("/metrics"));
  CHECK(client.read().value().status == 200);
  CHECK(client.read().value().status == 404);
  CHECK(client.read().value().status == 200);
  client.send(request_text("/livez", "GET", "Connection: close\r\n"));
  CHECK(client.read().value().headers["connection"] == "close");
  CHECK(client.closed());
}

TEST_CASE("an old client gets one answer") {
  fixture f;
  test::http_client client{f.port};
  client.send("GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n");
  CHECK(client.read().value().status == 200);
  CHECK(client.closed());
}

TEST_CASE("HEAD gets the header of GET and no body") {
  fixture f;
  test::http_client client{f.port};
  client.send(request_text("/livez"));
  auto get = client.read();
  client.send(request_text("/livez", "HEAD") + request_text("/nope"));
  auto head = client.read(true);
  REQUIRE(head);
  CHECK(head->status == 200);
  CHECK(head->headers["content-length"] == get->headers["content-length"]);
  CHECK(client.read().value().status == 404); // nothing was in between
  client.send(request_text("/livez", "HEAD") + "garbage\r\n\r\n");
  CHECK(client.read(true).value().status == 200);
  auto broken = client.read();
  REQUIRE(broken);
  CHECK(broken->status == 400);
}

TEST_CASE("a verb that changes things gets 405 and what is allowed", "[A03]") {
  fixture f;
  for (auto method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"}) {
    auto reply = fetch(f.port, "/metrics", method, "Content-Length: 0\r\n");
    CHECK(reply.status == 405);
    CHECK(reply.headers["allow"] == "GET, HEAD");
  }
}

TEST_CASE("pages of other sites get nothing over HTTP either") {
  fixture f;
  test::http_client client{f.port};
  client.send("GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  CHECK(client.read().value().status == 421);
  client.send("GET /metrics HTTP/1.1\r\n\r\n");
  CHECK(client.read().value().status == 400);
  client.send(
    request_text("/metrics", "GET", "Origin: http://evil.example\r\n"));
  CHECK(client.read().value().status == 403);
  client.send(request_text("/metrics", "GET", "Host: evil.example\r\n"));
  CHECK(client.read().value().status == 400);
}

TEST_CASE("a manager that does not answer delays nobody", "[A04]") {
  auto limits = patient();
  limits.look_time = admin_limits{}.look_time;
  fixture f{limits};
  // Until something is known.
  REQUIRE(test::eventually([&] {
    auto doc = json::parse(fetch(f.port, stats).body);
    return doc["database_pools"].contains("main");
  }));
  f.node->mute(true);
  // All answers come while the manager is silent.
  for (auto path : {stats, "/metrics"})
    CHECK(fetch(f.port, path).status == 200);
  // Not ready any more after a while.
  auto health = fetch(f.port, "/healthz").status;
  CHECK((health == 200 || health == 503));
  auto doc = json::parse(fetch(f.port, stats).body);
  CHECK(doc["stale"] == true);
  CHECK(doc["age"].get<double>() > 0.0);
  CHECK(doc["database_pools"]["main"]["active_connections"] == 5);
  f.node->mute(false);
  f.node->answer_all();
  CHECK(test::eventually([&] { return !is_stale(f.port); }));
}

TEST_CASE("before the manager has answered, the node lives and is not ready",
          "[A04][A06]") {
  auto node = test::fake_node::make({test::sample_pool()});
  node->mute(true);
  auto uut = admin_server::start({true, "127.0.0.1", 0}, node->source());
  REQUIRE(uut);
  auto port = (*uut)->port();
  CHECK(fetch(port, "/livez").status == 200);
  auto reply = fetch(port, "/readyz");
  CHECK(reply.status == 503);
  CHECK_THAT(reply.body, ContainsSubstring("has not answered yet"));
  CHECK(fetch(port, stats).status == 200);
}

TEST_CASE("many requests at a time share one look", "[A04]") {
  auto limits = patient();
  limits.look_time = 100ms;
  limits.look_interval = 1h;
  fixture f{limits};
  REQUIRE(fetch(f.port, "/readyz").status == 200);
  auto before = f.node->looks();
  f.node->mute(true);
  auto start = clock::now();
  std::vector<test::http_client> clients;
  for (auto i = 0; i < 32; ++i)
    clients.emplace_back(f.port).send(request_text(stats));
  for (auto& client : clients)
    CHECK(client.read().value().status == 200);
  auto looks = f.node->looks() - before;
  // A look is given up after a while, and the next one starts.
  auto given_up = (clock::now() - start) / pool_watch::answer_limit;
  CHECK(looks >= 1);
  CHECK(looks <= 1 + static_cast<std::size_t>(given_up));
}

TEST_CASE("the pools are looked at without being asked") {
  auto limits = patient();
  limits.look_interval = 5ms;
  fixture f{limits};
  auto before = f.node->looks();
  CHECK(test::eventually([&] { return f.node->looks() >= before + 10; }));
}

TEST_CASE("stopping ends connections, and later answers harm nobody") {
  auto limits = patient();
  limits.look_interval = 1h;
  fixture f{limits};
  REQUIRE(fetch(f.port, stats).status == 200);
  auto before = f.node->looks();
  f.node->mute(true);
  test::http_client idle{f.port};
  test::http_client waiting{f.port};
  waiting.send(request_text(stats));
  REQUIRE(test::eventually([&] { return f.node->looks() > before; }));
  f.uut->stop();
  f.uut->stop(); // again is fine
  CHECK(idle.closed());
  CHECK(waiting.closed());
  f.node->answer_all();
}

TEST_CASE("the server's thread takes no signals") {
  fixture f;
  auto is_server = [](const std::filesystem::path& task) {
    std::string name;
    std::ifstream in{task / "comm"};
    return std::getline(in, name) && name == "admin";
  };
  auto blocked = [](const std::filesystem::path& task) {
    std::ifstream in{task / "status"};
    for (std::string line; std::getline(in, line);)
      if (line.starts_with("SigBlk:"))
        return std::stoull(line.substr(7), nullptr, 16);
    return 0ull;
  };
  std::size_t seen = 0;
  for (auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    if (!is_server(task.path()))
      continue;
    ++seen;
    for (auto number : {SIGTERM, SIGINT, SIGHUP})
      CHECK((blocked(task.path()) & (1ull << (number - 1))) != 0);
  }
  CHECK(seen == 1);
}
