#include "caf_pool/backend/testing/scripted.hpp"

#include "raw_client.hpp"
#include "remote_node.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"

#include <utility>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

/// A node whose pool "main" is on a scripted server with one connection.
struct scripted_node : remote_node {
  std::shared_ptr<scripted_backend> server
    = std::make_shared<scripted_backend>();

  explicit scripted_node(std::uint32_t size = 1,
                         const remote_config& remote = patient())
    : remote_node(remote) {
    auto config = pool_config{};
    config.min_size = 0;
    config.max_size = size;
    add_pool(config, server);
  }

  std::size_t leased() {
    return snapshot("main").leases.size();
  }
};

} // namespace

TEST_CASE("a request that comes twice is executed once", "[E07]") {
  scripted_node node;
  raw_client peer{node};
  peer.say(run_sql(1, "INSERT"));
  peer.say(run_sql(1, "INSERT"));
  CHECK(peer.outcome(1).code == errc::none);
  peer.say(run_sql(1, "INSERT"));
  // The answer comes again, in case it was lost.
  CHECK(eventually([&] { return node.stats().duplicates == 2; }));
  CHECK(eventually([&] { return peer.heard().answers.size() >= 2; }));
  auto answers = peer.heard().answers;
  for (auto& x : answers)
    CHECK(x == answers[0]);
  CHECK(node.server->count(backend_call::execute) == 1);
}

TEST_CASE("an acquire that comes twice grants one lease", "[E07][trap-T1]") {
  scripted_node node{4};
  raw_client peer{node};
  auto token = peer.acquire(1);
  peer.say(want(1));
  CHECK(eventually([&] { return peer.heard().granted.size() == 2; }));
  CHECK(peer.heard().granted[1].token == token);
  CHECK(node.leased() == 1);
}

TEST_CASE("a request too old to be remembered is refused, not executed",
          "[E07]") {
  scripted_node node;
  raw_client peer{node};
  for (std::uint64_t i = 1; i <= 1100; ++i) {
    peer.say(ask_for_names(i));
    // Not more at a time than a client may have waiting.
    if (i % 100 == 0)
      REQUIRE(peer.outcome(i).code == errc::none);
  }
  peer.say(run_sql(5, "INSERT"));
  CHECK(eventually([&] {
    auto all = peer.heard().failed;
    return !all.empty() && all.back().request == 5;
  }));
  peer.say(run_sql(0, "INSERT"));
  CHECK(peer.outcome(0).code == errc::invalid_argument);
  CHECK(node.server->count(backend_call::execute) == 0);
}

TEST_CASE("a grant that comes after its cancel goes back", "[trap-T1]") {
  scripted_node node;
  raw_client peer{node};
  node.server->hold(backend_call::open);
  peer.say(want(1));
  REQUIRE(node.server->wait_for_held(backend_call::open));
  peer.say(wire::cancel{1});
  CHECK(peer.outcome(1).code == errc::cancelled);
  node.server->stop_holding(backend_call::open);
  CHECK(eventually([&] { return node.snapshot("main").gauges.idle == 1; }));
  CHECK(node.leased() == 0);
}

TEST_CASE("a cancel that comes after the grant takes the lease back",
          "[trap-T1]") {
  scripted_node node;
  raw_client peer{node};
  auto token = peer.acquire(1);
  peer.say(wire::cancel{1});
  CHECK(eventually([&] { return node.leased() == 0; }));
  peer.say(run_on(2, token, "SELECT"));
  CHECK(peer.outcome(2).code == errc::lease_lost);
}

TEST_CASE("a cancelled statement is stopped at the server") {
  scripted_node node;
  raw_client peer{node};
  node.server->hold(backend_call::execute);
  peer.say(run_sql(1, "SELECT slow"));
  REQUIRE(node.server->wait_for_held(backend_call::execute));
  peer.say(wire::cancel{1});
  CHECK(peer.outcome(1).code != errc::none);
  CHECK(node.server->wait_for_calls(backend_call::cancel, 1));
}

TEST_CASE("an outdated token never touches the next holder",
          "[trap-T7][trap-T61][security-S14]") {
  scripted_node node;
  raw_client peer{node};
  raw_client other{node};
  auto old = peer.acquire(1);
  peer.say(wire::release{old, {}});
  auto token = other.acquire(1);
  CHECK(token != old);
  CHECK(token.size() == 32);
  // Released again, used again, and the other's token used by the wrong one.
  peer.say(wire::release{old, {}});
  peer.say(run_on(2, old, "SELECT"));
  CHECK(peer.outcome(2).code == errc::lease_lost);
  peer.say(wire::release{token, {}});
  peer.say(run_on(3, token, "SELECT"));
  CHECK(peer.outcome(3).code == errc::lease_lost);
  CHECK(node.leased() == 1);
  other.say(run_on(2, token, "SELECT"));
  CHECK(other.outcome(2).code == errc::none);
  CHECK(node.stats().stale_tokens == 4);
}

TEST_CASE("a client that is silent loses its leases, and is told",
          "[E03][E05][trap-T60][trap-T61]") {
  scripted_node node{1, remote_node::quick()};
  raw_client peer{node};
  auto start = clock::now();
  auto token = peer.acquire(1);
  REQUIRE(eventually([&] { return node.leased() == 0; }));
  CHECK(clock::now() - start >= remote_node::quick().lease_ttl);
  REQUIRE(eventually([&] { return peer.heard().revoked.size() == 1; }));
  CHECK(peer.heard().revoked[0].token == token);
  CHECK_THAT(peer.heard().revoked[0].reason, ContainsSubstring("lease_ttl"));
  peer.say(run_on(2, token, "SELECT"));
  CHECK(peer.outcome(2).code == errc::lease_lost);
  CHECK(node.stats().leases_revoked == 1);
  // The session goes on.
  CHECK(!peer.acquire(3).empty());
}

TEST_CASE("a client that says anything keeps its leases", "[trap-T60]") {
  scripted_node node{1, remote_node::quick()};
  raw_client peer{node};
  auto ttl = remote_node::quick().lease_ttl;
  std::uint64_t request = 0;
  std::uint64_t sequence = 0;
  auto keeps_its_lease = [&] {
    auto said_before = clock::now();
    auto token = peer.acquire(++request);
    auto until = said_before + 3 * ttl / 2;
    while (clock::now() < until) {
      auto said = clock::now();
      peer.say(wire::renew{++sequence});
      REQUIRE(eventually([&] {
        auto all = peer.heard().renewed;
        return !all.empty() && all.back().sequence == sequence;
      }));
      // The machine stood still: the client may have been silent.
      if (clock::now() - std::exchange(said_before, said) > ttl) {
        peer.say(wire::release{token, {}});
        return false;
      }
    }
    peer.say(run_on(++request, token, "SELECT"));
    auto why = peer.outcome(request);
    if (clock::now() - said_before > ttl) {
      peer.say(wire::release{token, {}});
      return false;
    }
    CHECK(why.code == errc::none);
    return true;
  };
  REQUIRE(eventually(keeps_its_lease));
}

TEST_CASE("a silent client does not stay in the queue", "[E01]") {
  scripted_node node{1, remote_node::quick()};
  raw_client holder{node};
  node.server->hold(backend_call::open);
  holder.say(want(1, 10min));
  CHECK(holder.outcome(1).code == errc::cancelled);
  CHECK(node.snapshot("main").gauges.waiting == 0);
  node.server->stop_holding(backend_call::open);
}

TEST_CASE("whatever a dead client held comes back",
          "[E01][E05][E06][trap-T3][trap-T8]") {
  scripted_node node{3};
  raw_client peer{node};
  peer.acquire(1);
  node.server->hold(backend_call::execute);
  auto busy = peer.acquire(2);
  peer.say(run_on(3, busy, "SELECT slow"));
  peer.say(run_sql(4, "SELECT slow too"));
  REQUIRE(node.server->wait_for_held(backend_call::execute, 2));
  peer.say(want(5));
  peer.die();
  CHECK(eventually([&] { return node.leased() == 0; }));
  // Both statements were stopped at the server.
  CHECK(node.server->wait_for_calls(backend_call::cancel, 2));
  CHECK(eventually([&] {
    auto x = node.snapshot("main").gauges;
    return x.leased == 0 && x.waiting == 0 && x.quarantined == 0;
  }));
  CHECK(eventually([&] { return node.stats().sessions == 0; }));
  CHECK(node.server->verdict() == "");
}

TEST_CASE("goodbye gives everything back at once") {
  scripted_node node;
  raw_client peer{node};
  peer.acquire(1);
  peer.say(wire::goodbye{"enough"});
  CHECK(eventually([&] { return node.leased() == 0; }));
  CHECK(eventually([&] { return node.stats().sessions == 0; }));
}

TEST_CASE("a node that stops its gate says farewell", "[S01]") {
  scripted_node node;
  raw_client peer{node};
  peer.acquire(1);
  node.gate().stop("drained");
  REQUIRE(eventually([&] { return peer.heard().farewells.size() == 1; }));
  CHECK(peer.heard().farewells[0].reason == "drained");
  CHECK(eventually([&] { return node.leased() == 0; }));
}

// -- limits -------------------------------------------------------------------

TEST_CASE("a client has a limit of leases, waiting ones included",
          "[security-S13]") {
  auto remote = scripted_node::patient();
  remote.max_leases_per_client = 2;
  scripted_node node{2, remote};
  raw_client greedy{node};
  raw_client other{node};
  greedy.acquire(1);
  other.acquire(1);
  greedy.say(want(2));
  greedy.say(want(3));
  auto refused = greedy.outcome(3);
  CHECK(refused.code == errc::queue_full);
  CHECK_THAT(refused.message, ContainsSubstring("limit"));
  other.say(wire::goodbye{"enough"});
  CHECK(greedy.outcome(2).code == errc::none);
}

TEST_CASE("a client has a limit of requests", "[security-S13]") {
  auto remote = scripted_node::patient();
  remote.max_requests_per_client = 3;
  scripted_node node{1, remote};
  raw_client greedy{node};
  node.server->hold(backend_call::execute);
  for (std::uint64_t i = 1; i <= 4; ++i)
    greedy.say(run_sql(i, "SELECT"));
  CHECK(greedy.outcome(4).code == errc::queue_full);
  node.server->stop_holding(backend_call::execute);
  for (std::uint64_t i = 1; i <= 3; ++i)
    CHECK(greedy.outcome(i).code == errc::none);
}

TEST_CASE("payloads that are none are refused", "[X04]") {
  scripted_node node;
  raw_client peer{node};
  auto say = [](raw_client& who, std::uint64_t request, std::uint8_t what) {
    who.say(wire::call{request, what, "main", 0, "rubbish", 0});
    return who.outcome(request);
  };
  constexpr auto operate = static_cast<std::uint8_t>(wire::subject::control);
  for (auto what : {wire::subject::acquire, wire::subject::execute,
                    wire::subject::execute_on}) {
    auto number = static_cast<std::uint8_t>(what);
    CHECK(say(peer, number, number).code == errc::protocol_mismatch);
  }
  CHECK(say(peer, 20, operate).code == errc::forbidden);
  raw_client boss{node, operator_token};
  CHECK(say(boss, 1, operate).code == errc::protocol_mismatch);
  // A call of a later release.
  for (std::uint8_t what : {0, operate + 1, 255}) {
    auto why = say(boss, std::uint64_t{what} + 2, what);
    CHECK(why.code == errc::protocol_mismatch);
    CHECK_THAT(why.message, ContainsSubstring("same release"));
  }
}
