// What becomes of messages that are lost, late or foreign.

#include "caf_pool/backend/testing/scripted.hpp"
#include "caf_pool/core/random.hpp"

#include "raw_client.hpp"
#include "remote_node.hpp"
#include "remote_peer.hpp"
#include "support/catch_compat.hpp"
#include "support/chaos_proxy.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"

#include <cstddef>
#include <limits>
#include <map>
#include <string>
#include <utility>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

constexpr auto unlimited = std::numeric_limits<std::size_t>::max();

} // namespace

// -- lost ---------------------------------------------------------------------

TEST_CASE("a statement takes effect once at most, whatever becomes of replies",
          "[E07][trap-T41][trap-T60]") {
  remote_node node;
  node.add_sqlite("main", 2);
  chaos_proxy proxy{node.port()};
  auto db = remote_client::connect(node.through(proxy));
  REQUIRE(db);
  auto observer = node.client();
  REQUIRE(observer.execute("main", "CREATE TABLE t (id INTEGER)"));
  random_source dice{7};
  std::map<std::int64_t, errc> outcomes;
  auto uncertain = 0;
  for (std::int64_t id = 0; id < 30; ++id) {
    REQUIRE(eventually([&] { return db->connected(); }));
    // Somewhere on its way there or back the connection breaks.
    auto backend = dice.below(2) == 0 ? chaos_proxy::direction::to_server
                                      : chaos_proxy::direction::to_client;
    proxy.cut_after(backend, 1 + dice.below(400));
    auto done = db->execute("main", {"INSERT INTO t VALUES (?1)", {id}});
    outcomes[id] = code_of(done);
    uncertain += outcomes[id] == errc::outcome_unknown ? 1 : 0;
    proxy.cut_after(backend, unlimited);
    proxy.cut();
  }
  CHECK(uncertain > 0);
  // What is still under way at the node ends.
  REQUIRE(eventually([&] { return node.snapshot("main").leases.empty(); }));
  for (auto [id, outcome] : outcomes) {
    auto rows = observer.execute(
      "main", {"SELECT count(*) FROM t WHERE id = ?1", {id}});
    REQUIRE(rows);
    auto found = (*rows)[0][0].as<std::int64_t>();
    CAPTURE(id, outcome, found);
    // Other errors promise that nothing happened.
    if (outcome == errc::none)
      CHECK(found == 1);
    else if (outcome == errc::outcome_unknown)
      CHECK(found <= 1);
    else
      CHECK(found == 0);
  }
}

TEST_CASE("a grant whose message is lost is no lease that is lost",
          "[E01][trap-T1][trap-T60]") {
  remote_node node;
  node.add_sqlite("main", 1);
  chaos_proxy proxy{node.port()};
  auto db = remote_client::connect(node.through(proxy));
  REQUIRE(db);
  random_source dice{11};
  for (auto i = 0; i < 20; ++i) {
    REQUIRE(eventually([&] { return db->connected(); }));
    proxy.cut_after(chaos_proxy::direction::to_client, 1 + dice.below(200));
    auto held = db->acquire("main");
    CHECK((held || code_of(held) == errc::node_unreachable));
    proxy.cut_after(chaos_proxy::direction::to_client, unlimited);
    proxy.cut();
    CHECK(eventually([&] { return node.snapshot("main").leases.empty(); }));
  }
  auto other = node.client();
  CHECK(other.acquire("main"));
}

// -- late ---------------------------------------------------------------------

TEST_CASE("a grant that comes after its caller gave up goes back",
          "[C05][trap-T1]") {
  remote_node node;
  auto server = std::make_shared<scripted_backend>();
  auto config = pool_config{};
  config.min_size = 0;
  config.max_size = 1;
  node.add_pool(config, server);
  chaos_proxy proxy{node.port()};
  auto options = node.through(proxy);
  auto db = remote_client::connect(options);
  REQUIRE(db);
  // Far more than the limit, because a thread that stands still gives up late.
  proxy.delay(3s);
  for (auto i = 0; i < 3; ++i)
    CHECK(code_of(db->acquire("main", 100ms)) == errc::acquire_timeout);
  proxy.delay(0ms);
  CHECK(eventually([&] { return node.snapshot("main").leases.empty(); }));
  CHECK(eventually([&] { return db->acquire("main").has_value(); }));
}

TEST_CASE("an answer that comes after its caller gave up disturbs nobody",
          "[E07][trap-T1]") {
  remote_node node;
  node.add_sqlite("main", 1);
  chaos_proxy proxy{node.port()};
  auto db = remote_client::connect(node.through(proxy));
  REQUIRE(db);
  for (std::int64_t i = 0; i < 5; ++i) {
    proxy.set(chaos_proxy::mode::stall);
    auto late = db->execute("main", {"SELECT ?1", {i}}, 50ms);
    CHECK(code_of(late) == errc::outcome_unknown);
    proxy.set(chaos_proxy::mode::pass);
    auto good = db->execute("main", {"SELECT ?1", {100 + i}});
    REQUIRE(good);
    CHECK((*good)[0][0].as<std::int64_t>() == 100 + i);
  }
}

TEST_CASE("the node hears of a limit before it ends", "[trap-T62]") {
  remote_node node;
  auto server = std::make_shared<scripted_backend>();
  auto config = pool_config{};
  config.min_size = 0;
  config.max_size = 1;
  node.add_pool(config, server);
  server->hold(backend_call::open);
  auto db = node.client();
  // The words are those of the pool, because it gave up first, unless the
  // machine stood still then.
  CHECK(eventually([&] {
    auto late = db.acquire("main", 1s);
    CHECK(code_of(late) == errc::acquire_timeout);
    return late.error().message.find("1 opening") != std::string::npos;
  }));
  server->stop_holding(backend_call::open);
}

TEST_CASE("clocks that differ change nothing about limits and leases",
          "[trap-T62]") {
  // A monotonic clock that is eleven days ahead of the node's.
  auto elsewhere
    = std::vector<std::string>{"unshare", "--time", "--monotonic", "1000000"};
  auto command = elsewhere;
  command.emplace_back("true");
  if (run({.command = command}).status != 0) {
    WARN("this machine has no namespaces for clocks");
    return;
  }
  remote_node node{remote_node::quick()};
  node.add_sqlite("main", 1);
  command = elsewhere;
  for (auto& x :
       {std::string{REMOTE_CLIENT_PROGRAM}, node.address(), std::string{"user"},
        std::string{user_token}, std::string{"600000"}})
    command.push_back(x);
  process client{{.command = command}};
  REQUIRE(client.wait_for_line("ready"));
  auto say = [&client](const std::string& order) {
    client.write(order + "\n");
    return client.wait_for_line("").value_or("nothing");
  };
  auto keeps_its_lease = [&] {
    REQUIRE(say("acquire main") == "error none");
    auto asked_before = clock::now();
    auto until = asked_before + 3 * remote_node::quick().lease_ttl / 2;
    while (clock::now() < until) {
      auto asked = clock::now();
      auto answer = say("lease SELECT 7");
      // The machine stood still: the client may have been silent.
      if (clock::now() - std::exchange(asked_before, asked)
          > remote_node::quick().lease_ttl) {
        say("release");
        return false;
      }
      REQUIRE(answer == "ok 7");
    }
    return true;
  };
  CHECK(eventually(keeps_its_lease));
  CHECK(say("release") == "ok");
  CHECK(say("db main SELECT 8") == "ok 8");
}

// -- foreign ------------------------------------------------------------------

TEST_CASE("a client of another version is told which one the node speaks") {
  remote_node node;
  auto greeting = wire::hello{wire::protocol_version + 1, "user", user_token,
                              "from the future"};
  remote_peer peer{node};
  auto why = peer.greet(greeting).error();
  CHECK(why.code == errc::protocol_mismatch);
  CHECK_THAT(why.message, ContainsSubstring("version"));
  greeting.version = wire::protocol_version;
  CHECK(peer.greet(greeting));
}

TEST_CASE("a node outlives peers that speak another language", "[X04]") {
  remote_node node;
  node.add_sqlite("main");
  auto db = node.client();
  random_source dice{3};
  for (auto i = 0; i < 50; ++i) {
    http_client peer{node.port()};
    auto bytes = i == 0 ? request_text("/") : std::string(dice.below(300), 'x');
    if (i > 0)
      for (auto& c : bytes)
        c = static_cast<char>(dice.below(256));
    // No operation of CAF's: how much room it makes for the payload of a good
    // header is not ours to decide.
    if (i > 0 && !bytes.empty())
      bytes[0] = '\xff';
    peer.send(bytes);
    peer.finish();
    CHECK(peer.closed());
  }
  CHECK(db.execute("main", "SELECT 1"));
}

TEST_CASE("the remote client needs no driver") {
  auto libraries = run({.command = {"ldd", REMOTE_CLIENT_PROGRAM}});
  REQUIRE(libraries.status == 0);
  CHECK_THAT(libraries.out, ContainsSubstring("libcaf_io"));
  for (auto* driver : {"libpq", "libpqxx", "libsqlite3", "libssl"}) {
    CAPTURE(driver);
    CHECK(libraries.out.find(driver) == std::string::npos);
  }
}
