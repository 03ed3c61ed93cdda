#include "actor/bench.hpp"
#include "backend/sqlite/sqlite_support.hpp"

#include <future>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

using answer = std::future<result<lease>>;

acquire_options for_reading() {
  auto result = acquire_options{};
  result.read_only = true;
  return result;
}

/// Asks without blocking; the answer goes where the test can wait for it.
answer start(any_pool& db, const acquire_options& options = for_reading()) {
  auto out = std::make_shared<std::promise<result<lease>>>();
  db.acquire_async([out](result<lease> x) { out->set_value(std::move(x)); },
                   options);
  return out->get_future();
}

result<lease> lease_of(answer& x) {
  REQUIRE(x.wait_for(patience) == std::future_status::ready);
  return x.get();
}

struct fixture {
  actor_world world;
  std::shared_ptr<scripted_backend> server
    = std::make_shared<scripted_backend>();
  std::unique_ptr<any_pool> db;

  explicit fixture(const pool_config& config)
    : db(std::make_unique<any_pool>(world.sys, config, server)) {
    server->hold(backend_call::restrict_to_reads);
  }
};

} // namespace

TEST_CASE("a lease for reading only refuses writes, however it was acquired",
          "[V01]") {
  temp_folder folder;
  actor_world world;
  auto config = quiet_pool(1);
  config.options["path"] = folder.file("a.db");
  any_pool db{world.sys, config, make_sqlite(config).value()};
  REQUIRE(db.execute("CREATE TABLE item (id INTEGER)").has_value());
  auto blocking = GENERATE(true, false);
  auto pending = blocking ? answer{} : start(db);
  auto held = blocking ? db.acquire(for_reading()) : lease_of(pending);
  REQUIRE(held.has_value());
  CHECK(held->execute("SELECT * FROM item").has_value());
  CHECK(!held->execute("INSERT INTO item VALUES (1)").has_value());
  held->release();
  // The restriction ends with the lease.
  CHECK(db.execute("INSERT INTO item VALUES (1)").has_value());
  CHECK(db.execute("SELECT * FROM item").value().size() == 1);
  CHECK(at_rest(db));
}

TEST_CASE("no actor waits for a server that is slow to refuse writes",
          "[trap-T15][trap-T58]") {
  fixture fx{quiet_pool(2)};
  auto pending = start(*fx.db);
  REQUIRE(fx.server->wait_for_held(backend_call::restrict_to_reads));
  for (int i = 0; i < 100; ++i) {
    auto now = fx.db->snapshot(patience); // the server has longer
    REQUIRE(now.has_value());
    CHECK(now->gauges.leased == 1);
  }
  auto other = start(*fx.db, {});
  CHECK(lease_of(other).has_value());
  CHECK(fx.server->held(backend_call::restrict_to_reads) == 1);
  fx.server->let_pass(backend_call::restrict_to_reads);
  CHECK(lease_of(pending).has_value());
  CHECK(at_rest(*fx.db));
  CHECK(fx.server->verdict() == "");
}

TEST_CASE(
  "a server that will not refuse writes costs the lease, not the pool") {
  auto config = quiet_pool(1);
  config.close_timeout = 1s; // which the last section waits for
  fixture fx{config};
  auto pending = start(*fx.db);
  REQUIRE(fx.server->wait_for_held(backend_call::restrict_to_reads));
  SECTION("it says so") {
    fx.server->stop_holding(backend_call::restrict_to_reads);
    REQUIRE(lease_of(pending).has_value());
    fx.server->answer(backend_call::restrict_to_reads,
                      failing(errc::not_supported, "no such mode"));
    auto again = start(*fx.db);
    CHECK(code_of(lease_of(again)) == errc::not_supported);
    CHECK(fx.db->execute("SELECT 1").has_value());
    CHECK(at_rest(*fx.db));
  }
  SECTION("it hangs until the caller's deadline") {
    fx.server->let_pass(backend_call::restrict_to_reads);
    REQUIRE(lease_of(pending).has_value());
    auto options = for_reading();
    options.wait = 100ms;
    auto late = start(*fx.db, options);
    CHECK(!lease_of(late).has_value());
    CHECK(fx.db->execute("SELECT 1").has_value());
    CHECK(at_rest(*fx.db));
  }
  SECTION("it hangs until the pool ends") {
    fx.db.reset();
    CHECK(!lease_of(pending).has_value());
    CHECK(eventually([&] { return fx.server->connections() == 0; }));
  }
  CHECK(fx.server->verdict() == "");
}

TEST_CASE("so many threads as the pool has workers make leases read-only",
          "[trap-T15]") {
  auto config = quiet_pool(6);
  config.workers = 2;
  fixture fx{config};
  std::vector<answer> pending;
  for (int i = 0; i < 6; ++i)
    pending.push_back(start(*fx.db));
  REQUIRE(shows(*fx.db, [](auto& x) { return x.gauges.leased == 6; }));
  REQUIRE(fx.server->wait_for_held(backend_call::restrict_to_reads, 2));
  CHECK(fx.server->count(backend_call::restrict_to_reads) == 2);
  fx.server->stop_holding(backend_call::restrict_to_reads);
  for (auto& x : pending)
    CHECK(lease_of(x).has_value());
  CHECK(fx.server->count(backend_call::restrict_to_reads) == 6);
  CHECK(at_rest(*fx.db));
  CHECK(fx.server->verdict() == "");
}

TEST_CASE("a pool's actor that dies while the server is told costs no lease",
          "[trap-T41]") {
  fixture fx{quiet_pool(1)};
  auto pending = start(*fx.db);
  REQUIRE(fx.server->wait_for_held(backend_call::restrict_to_reads));
  kill(fx.db->actors());
  // Its successor serves the wish again once the connection is back.
  fx.server->stop_holding(backend_call::restrict_to_reads);
  auto held = lease_of(pending);
  REQUIRE(held.has_value());
  held->release();
  CHECK(at_rest(*fx.db));
  CHECK(fx.db->execute("SELECT 1").has_value());
  CHECK(fx.server->verdict() == "");
}

TEST_CASE("a wish for reading that nobody waits for any more leaves nothing") {
  fixture fx{quiet_pool(1)};
  auto how = for_reading();
  how.wait = 50ms;
  CHECK(code_of(fx.db->acquire(how)) == errc::acquire_timeout);
  fx.server->stop_holding(backend_call::restrict_to_reads);
  CHECK(at_rest(*fx.db));
  auto before = fx.server->count(backend_call::restrict_to_reads);
  CHECK(fx.db->execute("SELECT 1").has_value());
  CHECK(fx.server->count(backend_call::restrict_to_reads) == before);
  CHECK(fx.server->verdict() == "");
}
