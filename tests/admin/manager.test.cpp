#include "caf_pool/actor/manager.hpp"

#include "caf_pool/admin/actor_source.hpp"
#include "caf_pool/admin/http/server.hpp"
#include "caf_pool/backend/testing/scripted.hpp"

#include "admin/samples.hpp"
#include "support/catch_compat.hpp"
#include "support/http_client.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <semaphore>
#include <string>

using namespace caf_pool;
using namespace std::chrono_literals;
using json = nlohmann::json;
using test::fetch;

namespace {

constexpr auto detail_path = "/api/v1/admin/connection-pools/main";

struct fair_config : caf::actor_system_config {
  fair_config() {
    configure_pools(*this);
  }
};

// A way to a server that keeps whoever looks at it, until it may go on.
class slow_backend : public scripted_backend {
public:
  std::uint32_t max_connections() const noexcept override {
    entered.release();
    may_go.acquire();
    return 0;
  }

  mutable std::counting_semaphore<> entered{0};
  mutable std::counting_semaphore<> may_go{0};
};

// A server of one real pool whose database follows a script.
struct fixture {
  fixture() : server(std::make_shared<scripted_backend>()) {
    auto registry = backend_registry::with_defaults();
    manager = spawn_manager(
      sys, std::make_shared<backend_registry>(std::move(registry)));
    admin_node_source node;
    node.facts = [] {
      node_facts x;
      x.phase = node_phase::serving;
      return x;
    };
    node.config = [] { return std::string{"{}"}; };
    admin_limits limits;
    limits.look_time = limits.header_time = test::patience;
    auto source = admin_source_from(sys, manager, std::move(node));
    admin = admin_server::start({true, "127.0.0.1", 0}, source, limits).value();
  }

  ~fixture() {
    admin.reset();
    ask_for<accepted>(manager, drain_all{});
    caf::anon_send_exit(manager, caf::exit_reason::user_shutdown);
  }

  // Asks and waits; an error fails the test.
  template <class Answer, class Handle, class Message>
  Answer ask_for(const Handle& whom, Message what) {
    Answer result;
    auto timeout = caf::timespan{test::patience};
    ask(self.ptr(), whom, timeout, std::move(what))
      .receive([&](Answer& x) { result = std::move(x); },
               [](const caf::error& why) { FAIL(to_string(from_caf(why))); });
    return result;
  }

  pool_handle make_pool() {
    create_pool x;
    x.config.name = "main";
    x.config.max_size = 3;
    x.config.retry.start = 10ms;
    x.config.retry.cap = 20ms;
    x.config.breaker.enabled = false;
    x.backend = server;
    return ask_for<pool_handle>(manager, std::move(x));
  }

  json detail() const {
    return json::parse(fetch(admin->port(), detail_path).body);
  }

  fair_config config;
  caf::actor_system sys{config};
  caf::scoped_actor self{sys};
  std::shared_ptr<scripted_backend> server;
  manager_handle manager;
  std::unique_ptr<admin_server> admin;
};

} // namespace

TEST_CASE("a real pool's numbers are those of its workload", "[A05]") {
  fixture f;
  f.server->answer(backend_call::execute, [](const scripted_record& x) {
    scripted_answer result;
    if (x.text == "bad")
      result.failure = {errc::execute_failed, "no such table", "42P01"};
    return result;
  });
  auto pool = f.make_pool();
  int failed = 0;
  for (auto i = 0; i < 100; ++i) {
    execute x;
    x.what = i % 10 == 0 ? "bad" : "good";
    ask(f.self.ptr(), pool, caf::timespan{test::patience}, std::move(x))
      .receive([](const outcome&) {}, [&](const caf::error&) { ++failed; });
  }
  REQUIRE(failed == 10);
  // The last connection may still be on its way back, and another one may be
  // on its way that somebody wanted meanwhile.
  json doc;
  REQUIRE(test::eventually([&] {
    auto opened = f.server->count(backend_call::open);
    doc = f.detail();
    return doc["current_state"]["in_use"] == 0
           && doc["counters"]["acquired"] == 100
           && doc["counters"]["opened"] == opened
           && f.server->count(backend_call::open) == opened;
  }));
  CHECK(doc["counters"]["executed"] == 100);
  CHECK(doc["counters"]["execute_errors"] == 10);
  CHECK(doc["counters"]["acquired"] == 100);
  CHECK(doc["counters"]["released"] == 100);
  CHECK(doc["performance"]["response_time"]["count"] == 100);
  CHECK(doc["performance"]["error_rate"] == 0.1);
  CHECK(doc["current_state"]["total"] == f.server->connections());
  CHECK(doc["health_metrics"]["total_connections_created"]
        == f.server->count(backend_call::open));
  auto text = fetch(f.admin->port(), "/metrics").body;
  CHECK(test::metric(text, "caf_pool_executes_total{pool=\"main\"}") == "100");
  CHECK(test::metric(text, "caf_pool_execute_errors_total{pool=\"main\"}")
        == "10");
}

TEST_CASE("a lease shows with its holder while it lasts", "[A05][trap-T70]") {
  fixture f;
  auto pool = f.make_pool();
  acquire wish;
  wish.how.holder = "night job";
  auto grant = f.ask_for<lease_grant>(pool, wish);
  json doc;
  REQUIRE(test::eventually([&] {
    doc = f.detail();
    return doc["leases"].size() == 1;
  }));
  CHECK(doc["current_state"]["in_use"] == 1);
  CHECK(doc["leases"][0]["holder"] == "night job");
  CHECK(doc["leases"][0]["id"] == to_string(grant.lease));
  post_to(pool, release{grant.lease, {}});
  CHECK(test::eventually([&] { return f.detail()["leases"].empty(); }));
}

TEST_CASE("a pool that is late is down, and its counters stay", "[trap-T68]") {
  fixture f;
  auto pool = f.make_pool();
  auto count = [&] { return f.detail()["counters"]["executed"]; };
  execute x;
  x.what = "good";
  f.ask_for<outcome>(pool, x);
  REQUIRE(test::eventually([&] { return count() == 1; }));
  auto backend = std::make_shared<slow_backend>();
  reconfigure order;
  order.config.name = "main";
  order.backend = backend;
  post_to(pool, order);
  // It does not move from here on.
  backend->entered.acquire();
  auto doc = f.detail();
  backend->may_go.release(8);
  CHECK(doc["status"] == "down");
  CHECK_THAT(doc.dump(), ContainsSubstring("does not answer"));
  CHECK(doc["counters"]["executed"] == 1);
  CHECK(test::eventually([&] { return f.detail()["status"] == "up"; }));
}

TEST_CASE("health turns bad with the cause, and good again", "[A06]") {
  fixture f;
  scripted_answer refusal;
  refusal.failure = {errc::open_failed, "connection refused", "08001"};
  f.server->answer(backend_call::open, refusal);
  auto pool = f.make_pool();
  auto port = f.admin->port();
  acquire wish;
  wish.how.wait_until = add_saturated(clock::now(), 10ms);
  // Somebody must want a connection, so that the pool tries.
  auto knock = [&] {
    ask(f.self.ptr(), pool, caf::timespan{test::patience}, wish)
      .receive(
        [&](const lease_grant& x) {
          post_to(pool, release{x.lease, {}});
        },
        [](const caf::error&) {
          // nop
        });
  };
  CHECK(test::eventually([&] {
    knock();
    return fetch(port, "/readyz").status == 503;
  }));
  // A pool that is late is down, too, but for another cause.
  CHECK(test::eventually([&] {
    auto body = fetch(port, "/readyz").body;
    return body.find("pool main is down") != body.npos
           && body.find("connection refused") != body.npos;
  }));
  CHECK(test::eventually([&] {
    auto health
      = json::parse(fetch(port, "/api/v1/admin/connection-pools/health").body);
    auto& main = health["database_pools"]["main"];
    return main["serving"] == false && main.contains("last_error")
           && main["last_error"]["state"] == "08001";
  }));
  CHECK(fetch(port, "/livez").status == 200);
  f.server->answer(backend_call::open, scripted_answer{});
  CHECK(test::eventually([&] {
    knock();
    return fetch(port, "/readyz").status == 200;
  }));
}
