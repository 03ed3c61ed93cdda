#include "caf_pool/backend/postgres/postgres.hpp"
#include "caf_pool/backend/testing/scripted.hpp"

#include "raw_client.hpp"
#include "remote_node.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/private_postgres.hpp"

#include <future>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

remote_acquire_options for_reading() {
  auto result = remote_acquire_options{};
  result.read_only = true;
  return result;
}

void add_postgres(remote_node& node) {
  auto& server = private_postgres::shared();
  auto config = pool_config{};
  config.backend = "postgres";
  config.min_size = 0;
  config.max_size = 1;
  config.options = {{"host", server.socket_dir()},
                    {"port", std::to_string(server.port())},
                    {"user", "app"},
                    {"database", "app"}};
  node.add_pool(config, nullptr);
}

/// Reads work and writes are refused, until the next holder comes.
void check_reads_only(remote_node& node, const std::string& refusal) {
  auto db = node.client();
  REQUIRE(db.execute("main", "DROP TABLE IF EXISTS read_only"));
  REQUIRE(db.execute("main", "CREATE TABLE read_only (x INTEGER)"));
  auto conn = db.acquire("main", for_reading());
  REQUIRE(conn);
  CHECK(conn->execute("SELECT count(*) FROM read_only"));
  auto refused = conn->execute("INSERT INTO read_only VALUES (1)");
  REQUIRE(!refused);
  CHECK(refused.error().code == errc::execute_failed);
  CHECK(refused.error().state == refusal);
  auto both
    = conn->transaction({"SELECT 1", "INSERT INTO read_only VALUES (1)"});
  REQUIRE(!both);
  CHECK(both.error().state == refusal);
  // It is the same connection: there is only one.
  conn->release();
  CHECK(db.execute("main", "INSERT INTO read_only VALUES (2)"));
  auto rows = db.execute("main", "SELECT x FROM read_only");
  REQUIRE(rows);
  REQUIRE(rows->size() == 1);
  CHECK((*rows)[0][0].as<std::int64_t>() == 2);
  REQUIRE(db.execute("main", "DROP TABLE read_only"));
}

/// A pool of one connection to a server that a test scripts.
struct scripted_node : remote_node {
  std::shared_ptr<scripted_backend> server
    = std::make_shared<scripted_backend>();

  scripted_node() {
    auto config = pool_config{};
    config.min_size = 0;
    config.max_size = 1;
    add_pool(config, server);
  }
};

} // namespace

TEST_CASE("SQLite refuses writes on a remote lease for reading",
          "[security-S4]") {
  remote_node node;
  node.add_sqlite("main", 1);
  check_reads_only(node, "SQLITE_READONLY");
  // Nor can the holder lift the restriction.
  auto db = node.client();
  auto conn = db.acquire("main", for_reading());
  REQUIRE(conn);
  CHECK(!conn->execute("PRAGMA query_only = 0"));
  CHECK(!conn->execute("CREATE TABLE t (x)"));
}

TEST_CASE("PostgreSQL refuses writes on a remote lease for reading",
          "[security-S4]") {
  remote_node node;
  add_postgres(node);
  check_reads_only(node, "25006");
  auto db = node.client();
  auto conn = db.acquire("main", for_reading());
  REQUIRE(conn);
  // The server may agree to it, but each statement is read-only by itself.
  (void) conn->execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE");
  CHECK(
    !conn->execute("SET TRANSACTION READ WRITE;CREATE TABLE t (x INTEGER)"));
  auto created = conn->execute("CREATE TABLE t (x INTEGER)");
  REQUIRE(!created);
  CHECK(created.error().state == "25006");
}

TEST_CASE("a lease for reading is held from the start, and comes back") {
  scripted_node node;
  auto db = node.client();
  SECTION("when its holder gives it back") {
    auto conn = db.acquire("main", for_reading());
    REQUIRE(conn);
    CHECK(node.server->count(backend_call::restrict_to_reads) == 1);
    auto seen = node.snapshot("main");
    REQUIRE(seen.leases.size() == 1);
    CHECK(seen.leases[0].holder == "remote user test");
    conn->release();
  }
  SECTION("when the server does not restrict it") {
    scripted_answer failure;
    failure.failure = {errc::not_supported, "no such thing here", {}};
    node.server->answer(backend_call::restrict_to_reads, failure);
    auto conn = db.acquire("main", for_reading());
    REQUIRE(!conn);
    CHECK(conn.error().code == errc::not_supported);
    CHECK_THAT(conn.error().message, ContainsSubstring("no such thing here"));
  }
  SECTION("when the client withdraws meanwhile") {
    raw_client peer{node};
    node.server->hold(backend_call::restrict_to_reads);
    peer.say(want(1, patience, for_reading().starting(clock::now())));
    REQUIRE(node.server->wait_for_held(backend_call::restrict_to_reads));
    peer.say(wire::cancel{1});
    REQUIRE(node.server->wait_for_calls(backend_call::cancel, 1));
    node.server->stop_holding(backend_call::restrict_to_reads);
    CHECK(peer.outcome(1).code == errc::cancelled);
    CHECK(peer.heard().granted.empty());
  }
  SECTION("when the client dies meanwhile") {
    raw_client peer{node};
    node.server->hold(backend_call::restrict_to_reads);
    peer.say(want(1, patience, for_reading().starting(clock::now())));
    REQUIRE(node.server->wait_for_held(backend_call::restrict_to_reads));
    peer.die();
    node.server->stop_holding(backend_call::restrict_to_reads);
  }
  CHECK(eventually([&] { return node.snapshot("main").leases.empty(); }));
  // Whoever comes next has no such restriction.
  auto before = node.server->count(backend_call::restrict_to_reads);
  CHECK(db.execute("main", "INSERT"));
  CHECK(node.server->count(backend_call::restrict_to_reads) == before);
}

TEST_CASE("other wishes of an acquire reach the pool") {
  remote_node node;
  node.add_sqlite("main", 1);
  auto db = node.client();
  auto held = db.acquire("main");
  REQUIRE(held);
  auto first = std::promise<result<remote_lease>>{};
  auto second = std::promise<result<remote_lease>>{};
  auto low = remote_acquire_options{};
  auto high = remote_acquire_options{};
  high.priority = 7;
  db.acquire_async(
    "main", [&](result<remote_lease> x) { first.set_value(std::move(x)); },
    low);
  REQUIRE(
    eventually([&] { return node.snapshot("main").gauges.waiting == 1; }));
  db.acquire_async(
    "main", [&](result<remote_lease> x) { second.set_value(std::move(x)); },
    high);
  REQUIRE(
    eventually([&] { return node.snapshot("main").gauges.waiting == 2; }));
  held->release();
  // Who came later, but matters more, is first.
  auto winner = second.get_future().get();
  REQUIRE(winner);
  CHECK(node.snapshot("main").gauges.waiting == 1);
  winner->release();
  CHECK(first.get_future().get());
}
