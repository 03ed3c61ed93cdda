#include "caf_pool/admin/actor_source.hpp"

#include "caf_pool/actor/configure.hpp"
#include "caf_pool/admin/http/server.hpp"

#include "admin/samples.hpp"
#include "support/catch_compat.hpp"
#include "support/http_client.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <semaphore>

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
    [](const revive_pool&) -> caf::result<pool_handle> { return unused(); },
    [](const list_pools&) { return pool_list{}; },
    [](const create_pool&) -> caf::result<pool_handle> { return unused(); },
    [pools = std::move(pools)](const get_all_snapshots&) {
      return all_snapshots{pools};
    },
    [](const get_pool_snapshot&) -> caf::result<pool_snapshot> {
      return unused();
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
    configure_pools(*this);
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

  std::uint16_t start(duration look_time = test::patience) {
    admin_limits limits;
    limits.look_time = look_time;
    limits.header_time = limits.idle_time = test::patience;
    uut = admin_server::start({true, "127.0.0.1", 0}, source, limits).value();
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
  // Answers to what was asked last come after the test, too.
  auto failed = std::make_shared<std::atomic<bool>>(false);
  CHECK(test::eventually([&] {
    // Until the manager has died, it may still answer.
    f.source.look([failed](auto found) {
      if (!found)
        *failed = true;
    });
    return failed->load();
  }));
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
  // These outlive the actors that wait.
  std::counting_semaphore<> seated{0};
  std::counting_semaphore<> may_go{0};
  fixture f;
  auto port = f.start(admin_limits{}.look_time);
  auto knows = [port] {
    auto doc = json::parse(fetch(port, stats).body);
    return doc["database_pools"].contains("main") && !doc.contains("stale");
  };
  REQUIRE(test::eventually(knows));
  // Both threads of the scheduler.
  for (auto i = 0; i < 2; ++i)
    f.sys.spawn(sit, &seated, &may_go);
  for (auto i = 0; i < 2; ++i)
    seated.acquire();
  // Nobody who could say something about the pools moves meanwhile.
  auto reply = fetch(port, stats);
  may_go.release(2);
  CHECK(reply.status == 200);
  auto doc = json::parse(reply.body);
  CHECK(doc["stale"] == true);
  CHECK(doc["database_pools"]["main"]["active_connections"] == 5);
  CHECK(test::eventually(knows));
}

TEST_CASE("a server goes before its actor system, with looks under way") {
  for (auto i = 0; i < 20; ++i) {
    fixture f;
    auto port = f.start();
    test::http_client client{port};
    client.send(test::request_text(stats));
    f.uut.reset();
  }
}
