#include "caf_pool/backend/testing/scripted.hpp"

#include "remote_node.hpp"
#include "support/catch_compat.hpp"
#include "support/ends_elsewhere.hpp"
#include "support/eventually.hpp"
#include "support/outcome.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

std::int64_t first_number(const result<sql_result>& x) {
  return x.value()[0][0].as<std::int64_t>();
}

} // namespace

TEST_CASE("a program executes statements on a node's pool") {
  remote_node node;
  node.add_sqlite("main");
  auto db = node.client();
  CHECK(db.node() == "test-node");
  REQUIRE(db.execute("main", "CREATE TABLE item (id INTEGER, name TEXT)"));
  auto inserted
    = db.execute("main", {"INSERT INTO item VALUES (?1, ?2)", {7, "seven"}});
  REQUIRE(inserted);
  CHECK(inserted->affected == 1);
  auto rows = db.execute("main", {"SELECT name FROM item WHERE id = ?1", {7}});
  REQUIRE(rows);
  REQUIRE(rows->size() == 1);
  CHECK((*rows)[0]["name"].as<std::string>() == "seven");
}

TEST_CASE("a client may end on any thread") {
  remote_node node;
  node.add_sqlite("main");
  for (auto i = 0; i < 3; ++i) {
    auto db = std::make_unique<remote_client>(node.client());
    REQUIRE(db->execute("main", "SELECT 1"));
    REQUIRE(ends_elsewhere(std::move(db)));
  }
}

TEST_CASE("a list of statements is one transaction") {
  remote_node node;
  node.add_sqlite("main");
  auto db = node.client();
  REQUIRE(db.execute("main", "CREATE TABLE t (x INTEGER PRIMARY KEY)"));
  auto both = db.transaction(
    "main", {"INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)"});
  REQUIRE(both);
  CHECK(both->size() == 2);
  auto half = db.transaction(
    "main", {"INSERT INTO t VALUES (3)", "INSERT INTO t VALUES (1)"});
  CHECK(code_of(half) == errc::execute_failed);
  CHECK(first_number(db.execute("main", "SELECT count(*) FROM t")) == 2);
}

TEST_CASE("a lease is a connection for one client alone", "[trap-T7]") {
  remote_node node;
  node.add_sqlite("main");
  auto db = node.client();
  REQUIRE(db.execute("main", "CREATE TABLE t (x)"));
  auto conn = db.acquire("main");
  REQUIRE(conn);
  REQUIRE(conn->execute("BEGIN"));
  REQUIRE(conn->execute("INSERT INTO t VALUES (1)"));
  CHECK(first_number(db.execute("main", "SELECT count(*) FROM t")) == 0);
  auto seen = node.snapshot("main");
  REQUIRE(seen.leases.size() == 1);
  CHECK(seen.leases[0].holder == "remote user test");
  REQUIRE(conn->execute("COMMIT"));
  conn->release();
  conn->release();
  CHECK(code_of(conn->execute("SELECT 1")) == errc::lease_released);
  CHECK(eventually([&] { return node.snapshot("main").leases.empty(); }));
  CHECK(first_number(db.execute("main", "SELECT count(*) FROM t")) == 1);
  CHECK(node.stats().stale_tokens == 0);
}

TEST_CASE("what a lease left uncommitted is gone when it comes back") {
  remote_node node;
  node.add_sqlite("main", 1);
  auto db = node.client();
  REQUIRE(db.execute("main", "CREATE TABLE t (x)"));
  {
    auto conn = db.acquire("main");
    REQUIRE(conn);
    REQUIRE(conn->execute("BEGIN"));
    REQUIRE(conn->execute("INSERT INTO t VALUES (1)"));
  }
  CHECK(first_number(db.execute("main", "SELECT count(*) FROM t")) == 0);
}

TEST_CASE("a discarded connection is closed") {
  remote_node node;
  auto server = std::make_shared<scripted_backend>();
  auto config = pool_config{};
  config.min_size = 0;
  node.add_pool(config, server);
  auto db = node.client();
  auto conn = db.acquire("main");
  REQUIRE(conn);
  conn->discard("smells");
  CHECK(server->wait_for_calls(backend_call::close, 1));
}

TEST_CASE("errors of pool and server arrive with code, text and state") {
  remote_node node;
  node.add_sqlite("main", 1);
  node.add_sqlite("other");
  auto db = node.client();
  auto none = db.execute("mian", "SELECT 1");
  REQUIRE(!none);
  CHECK(none.error().code == errc::pool_not_found);
  CHECK_THAT(none.error().message, ContainsSubstring("main, other"));
  auto bad = db.execute("main", "SELEKT 1");
  REQUIRE(!bad);
  CHECK(bad.error().code == errc::execute_failed);
  CHECK_THAT(bad.error().state, StartsWith("SQLITE_"));
  auto held = db.acquire("main");
  REQUIRE(held);
  // The pool's own words come before the client gives up, unless the machine
  // stands still.
  CHECK(eventually([&] {
    auto late = db.acquire("main", 200ms);
    CHECK(code_of(late) == errc::acquire_timeout);
    return late.error().message.find("leased") != std::string::npos;
  }));
  CHECK(code_of(db.try_acquire("main")) != errc::none);
}

TEST_CASE("a node tells about its pools") {
  remote_node node;
  node.add_sqlite("a");
  node.add_sqlite("b", 3);
  auto db = node.client(reader_token);
  CHECK(db.list().value() == std::vector<std::string>{"a", "b"});
  CHECK(db.find("a"));
  CHECK(code_of(db.find("c")) == errc::pool_not_found);
  auto snapshot = db.snapshot("b");
  REQUIRE(snapshot);
  CHECK(snapshot->name == "b");
  CHECK(snapshot->max_size == 3);
  auto all = db.health();
  REQUIRE(all);
  REQUIRE(all->size() == 2);
  CHECK((*all)[1].name == "b");
  CHECK(db.health("a").value().size() == 1);
  CHECK(code_of(db.health("c")) == errc::pool_not_found);
}

TEST_CASE("many calls are under way at a time") {
  remote_node node;
  // Ten callers may wait for each connection.
  node.add_sqlite("main", 8);
  auto db = node.client();
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        auto x = 1000 * t + i;
        auto rows = db.execute("main", {"SELECT ?1", {x}});
        if (rows && (*rows)[0][0].as<std::int64_t>() == x)
          ++right;
      }
    });
  std::vector<std::future<result<remote_client::results>>> later;
  for (int i = 0; i < 64; ++i)
    later.push_back(db.execute_later("main", {{"SELECT ?1", {i}}}));
  for (auto& t : threads)
    t.join();
  CHECK(right == 200);
  for (int i = 0; i < 64; ++i) {
    auto rows = later[static_cast<std::size_t>(i)].get();
    REQUIRE(rows);
    CHECK((*rows)[0][0][0].as<std::int64_t>() == i);
  }
}

TEST_CASE("a call without an answer ends at its limit") {
  remote_node node;
  auto server = std::make_shared<scripted_backend>();
  auto config = pool_config{};
  config.max_size = 1;
  config.min_size = 0;
  node.add_pool(config, server);
  auto db = node.client();
  server->hold(backend_call::open);
  std::atomic<int> answered{0};
  std::mutex mutex;
  error why;
  auto start = clock::now();
  db.execute_async(
    "main", {"SELECT 1"},
    [&](const result<remote_client::results>& x) {
      std::lock_guard guard{mutex};
      why = x ? error{} : x.error();
      ++answered;
    },
    300ms);
  REQUIRE(eventually([&] { return answered == 1; }));
  // The node is told of half of it at least.
  CHECK(clock::now() - start >= 150ms);
  {
    std::lock_guard guard{mutex};
    // The pool's word, or the client's if the machine stood still.
    CHECK(
      (why.code == errc::acquire_timeout || why.code == errc::outcome_unknown));
  }
  server->stop_holding(backend_call::open);
}

TEST_CASE("subscribers hear what happens in a pool") {
  remote_node node;
  node.add_sqlite("main");
  node.add_sqlite("quiet");
  // Events that are on their way come after the end of the subscription, too.
  std::mutex mutex;
  std::vector<pool_event> events;
  auto db = node.client(operator_token);
  db.subscribe("main", [&](const pool_event& x) {
    std::lock_guard guard{mutex};
    events.push_back(x);
  });
  auto heard = [&](event_kind kind) {
    std::lock_guard guard{mutex};
    return std::any_of(events.begin(), events.end(),
                       [kind](auto& x) { return x.kind == kind; });
  };
  for (auto* pool : {"quiet", "main"}) {
    CHECK(db.control(pool, verb::pause));
    CHECK(db.control(pool, verb::resume));
  }
  CHECK(eventually([&] { return heard(event_kind::resumed); }));
  CHECK(heard(event_kind::paused));
  db.unsubscribe("main");
  std::lock_guard guard{mutex};
  for (auto& x : events)
    CHECK(x.pool == "main");
}

TEST_CASE("a subscriber hears what its own program causes next") {
  std::promise<void> entered, leave;
  std::atomic<int> heard{0};
  remote_node node;
  node.add_sqlite("main");
  auto db = node.client(operator_token);
  // Busy is what hears and asks for events.
  db.execute_async("main", {"SELECT 1"},
                   [&](const result<remote_client::results>&) {
                     entered.set_value();
                     leave.get_future().wait();
                   });
  entered.get_future().wait();
  auto pool = GENERATE(as<std::string>{}, "main", "");
  db.subscribe(pool, [&](const pool_event& x) {
    heard += x.kind == event_kind::paused ? 1 : 0;
  });
  CHECK(db.control("main", verb::pause));
  leave.set_value();
  CHECK(eventually([&] { return heard == 1; }));
}

TEST_CASE("a paused pool rejects remote callers until it is resumed") {
  remote_node node;
  node.add_sqlite("main");
  auto db = node.client(operator_token);
  REQUIRE(db.control("main", verb::pause));
  auto refused = db.execute("main", "SELECT 1", 300ms);
  CHECK(!refused);
  REQUIRE(db.control("main", verb::resume));
  CHECK(db.execute("main", "SELECT 1"));
  CHECK(db.control("main", verb::drain, 1s));
  CHECK(eventually([&] { return code_of(db.find("main")) == errc::closed; }));
}

TEST_CASE("each role may do what it may, and no more",
          "[trap-T71][security-S3]") {
  remote_node node;
  node.add_sqlite("main");
  auto reader = node.client(reader_token);
  auto user = node.client(user_token);
  CHECK(reader.list());
  CHECK(code_of(reader.execute("main", "SELECT 1")) == errc::forbidden);
  CHECK(code_of(reader.acquire("main")) == errc::forbidden);
  CHECK(code_of(reader.control("main", verb::pause)) == errc::forbidden);
  CHECK(user.execute("main", "SELECT 1"));
  auto refused = user.control("main", verb::pause);
  CHECK(code_of(refused) == errc::forbidden);
  CHECK_THAT(refused.error().message, ContainsSubstring("operate"));
  CHECK(node.client(operator_token).control("main", verb::reconnect));
}

TEST_CASE("leases and requests outlive the client's object", "[trap-T74]") {
  remote_node node;
  node.add_sqlite("main", 1);
  auto held = result<remote_lease>{error{}};
  {
    auto db = node.client();
    held = db.acquire("main");
    REQUIRE(held);
  }
  CHECK(held->lost());
  CHECK(code_of(held->execute("SELECT 1")) == errc::lease_lost);
  held->release();
  // The pool has it back.
  CHECK(node.client().acquire("main"));
}
