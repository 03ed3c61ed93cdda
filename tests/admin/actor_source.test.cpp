#include "caf_pool/admin/actor_source.hpp"

#include "caf_pool/admin/server.hpp"

#include "admin/raw_client.hpp"
#include "admin/samples.hpp"
#include "support/catch_compat.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <semaphore>
#include <thread>

using namespace caf_pool;
using namespace std::chrono_literals;
using json = nlohmann::json;
using test::fetch;

namespace {

constexpr auto stats = "/api/v1/admin/connection-pools/stats";

caf::error unused() {
  return to_caf({errc::not_supported, "not in this test", {}});
}

// A manager that only knows the snapshots of its pools.
manager_handle::behavior_type small_manager(manager_handle::pointer,
                                            std::vector<pool_snapshot> pools) {
  return {
    [](const find_pool&) -> caf::result<pool_handle> { return unused(); },
    [](const list_pools&) { return pool_list{}; },
    [](const create_pool&) -> caf::result<pool_handle> { return unused(); },
    [pools = std::move(pools)](const get_all_snapshots&) {
      return all_snapshots{pools};
    },
    [](const apply_pools&) { return accepted{}; },
    [](const drain_all&) { return accepted{}; },
    [](const subscribe_all&) {
      // nop
    },
  };
}

// Keeps a thread of the scheduler busy until it may go on.
void sit(caf::event_based_actor*, std::counting_semaphore<>* seated,
         std::counting_semaphore<>* may_go) {
  seated->release();
  may_go->acquire();
}

struct fair_config : caf::actor_system_config {
  fair_config() {
    set_fair_scheduler(*this, 2);
  }
};

struct fixture {
  fixture() {
    auto pools = std::vector{test::sample_pool("main")};
    manager = sys.spawn(small_manager, std::move(pools));
    admin_node_source node;
    node.facts = [] {
      node_facts x;
      x.phase = node_phase::serving;
      return x;
    };
    node.config = [] { return std::string{"{}"}; };
    node.name = "real";
    node.version = "1.2.3";
    source = admin_source_from(sys, manager, std::move(node));
  }

  ~fixture() {
    caf::anon_send_exit(manager, caf::exit_reason::user_shutdown);
  }

  std::uint16_t start() {
    uut = admin_server::start({true, "127.0.0.1", 0}, source).value();
    return uut->port();
  }

  fair_config config;
  caf::actor_system sys{config};
  manager_handle manager;
  admin_source source;
  std::unique_ptr<admin_server> uut;
};

} // namespace

TEST_CASE("a source asks the manager by message", "[A05]") {
  fixture f;
  std::promise<result<std::vector<pool_snapshot>>> answer;
  f.source.look([&](auto found) { answer.set_value(std::move(found)); });
  auto future = answer.get_future();
  REQUIRE(future.wait_for(test::patience) == std::future_status::ready);
  auto found = future.get();
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK(found->front() == test::sample_pool("main"));
}

TEST_CASE("a source says when the manager is gone", "[A06]") {
  fixture f;
  caf::anon_send_exit(f.manager, caf::exit_reason::kill);
  std::atomic<bool> failed{false};
  CHECK(test::eventually([&] {
    // Until the manager has died, it may still answer.
    f.source.look([&](auto found) { failed = failed || !found; });
    return failed.load();
  }));
  // Answers to what was asked last may still be on their way.
  f.sys.await_all_actors_done();
}

TEST_CASE("a server shows what the manager says", "[A05]") {
  fixture f;
  auto port = f.start();
  auto doc = json::parse(fetch(port, stats).body);
  CHECK_FALSE(doc.contains("stale"));
  CHECK(doc["database_pools"]["main"]["active_connections"] == 5);
  CHECK(fetch(port, "/readyz").status == 200);
}

TEST_CASE("a saturated node still answers at once", "[A04]") {
  fixture f;
  auto port = f.start();
  REQUIRE(fetch(port, stats).status == 200);
  std::counting_semaphore<> seated{0};
  std::counting_semaphore<> may_go{0};
  // Both threads of the scheduler.
  for (auto i = 0; i < 2; ++i)
    f.sys.spawn(sit, &seated, &may_go);
  for (auto i = 0; i < 2; ++i)
    seated.acquire();
  std::vector<duration> took;
  for (auto i = 0; i < 21; ++i) {
    auto before = clock::now();
    auto reply = fetch(port, i % 2 == 0 ? stats : "/metrics");
    took.push_back(clock::now() - before);
    CHECK(reply.status == 200);
  }
  auto doc = json::parse(fetch(port, stats).body);
  may_go.release(2);
  CHECK(doc["stale"] == true);
  CHECK(doc["database_pools"]["main"]["active_connections"] == 5);
  // The middle one: other programs may disturb some.
  std::sort(took.begin(), took.end());
  CHECK(took[took.size() / 2] < 50ms);
  CHECK(test::eventually(
    [&] { return !json::parse(fetch(port, stats).body).contains("stale"); }));
}

TEST_CASE("a server goes before its actor system, with looks under way") {
  for (auto i = 0; i < 20; ++i) {
    fixture f;
    auto port = f.start();
    test::raw_client client{port};
    client.send(test::request_text(stats));
    f.uut.reset();
  }
}
