#include "raw_client.hpp"
#include "remote_node.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/free_port.hpp"

#include <caf/actor_registry.hpp>
#include <caf/io/middleman.hpp>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

// What a peer can do that has reached the port: see security.md, S1.

TEST_CASE("messages of strangers to a session are dropped and counted",
          "[X03][security-S14]") {
  remote_node node;
  node.add_sqlite("main");
  raw_client peer{node};
  raw_client stranger{node};
  auto token = peer.acquire(1);
  // The stranger learned the address of the session.
  auto there = stranger.system().middleman().remote_actor<wire::gate_handle>(
    "127.0.0.1", node.port());
  REQUIRE(there);
  auto before = node.stats().strangers;
  auto name = caf::actor_cast<caf::strong_actor_ptr>(peer.session());
  auto proxy = stranger.system().spawn(
    [](caf::event_based_actor*) { return caf::behavior{[](int) {}}; });
  peer.say_as(caf::actor_cast<caf::strong_actor_ptr>(stranger.session()),
              wire::release{token, {}});
  peer.say_as(nullptr, wire::release{token, {}});
  CHECK(eventually([&] { return node.stats().strangers >= before + 2; }));
  CHECK(node.snapshot("main").leases.size() == 1);
  caf::anon_send_exit(proxy, caf::exit_reason::user_shutdown);
}

TEST_CASE("messages that no client sends are dropped and counted", "[X03]") {
  remote_node node;
  raw_client peer{node};
  auto before = node.stats().strangers;
  auto session = caf::actor_cast<caf::actor>(peer.session());
  auto gate = caf::actor_cast<caf::actor>(peer.gate());
  caf::anon_send(session, std::string{"S3cr3t\n#"});
  caf::anon_send(gate, 42);
  CHECK(eventually([&] { return node.stats().strangers == before + 2; }));
  peer.say(ask_for_names(1));
  CHECK(peer.outcome(1).code == errc::none);
}

TEST_CASE("a stranger cannot end gate and sessions by an exit message",
          "[X03][security-S1]") {
  remote_node node;
  raw_client peer{node};
  auto before = node.stats().strangers;
  caf::anon_send_exit(peer.session(), caf::exit_reason::user_shutdown);
  caf::anon_send_exit(peer.gate(), caf::exit_reason::user_shutdown);
  CHECK(eventually([&] { return node.stats().strangers == before + 2; }));
  peer.say(ask_for_names(1));
  CHECK(peer.outcome(1).code == errc::none);
  CHECK(remote_client::connect(node.options()));
}

TEST_CASE("a stranger cannot end gate and sessions by an error",
          "[X03][security-S1]") {
  remote_node node;
  raw_client peer{node};
  auto before = node.stats().strangers;
  auto session = caf::actor_cast<caf::actor>(peer.session());
  auto gate = caf::actor_cast<caf::actor>(peer.gate());
  caf::anon_send(session, caf::make_error(caf::sec::runtime_error));
  caf::anon_send(gate, caf::make_error(caf::sec::runtime_error));
  CHECK(eventually([&] { return node.stats().strangers == before + 2; }));
  peer.say(ask_for_names(1));
  CHECK(peer.outcome(1).code == errc::none);
  CHECK(node.stats().gate_restarts == 0);
}

TEST_CASE("a peer that links to a gate and dies takes nothing with it",
          "[X03][security-S1]") {
  remote_node node;
  auto peer = std::make_unique<raw_client>(node);
  auto before = node.stats().strangers;
  auto system = &peer->system();
  auto linked
    = system->spawn([gate = peer->gate()](caf::event_based_actor* self) {
        self->link_to(gate);
        return caf::behavior{[](int) {}};
      });
  caf::anon_send_exit(linked, caf::exit_reason::user_shutdown);
  CHECK(eventually([&] { return node.stats().strangers > before; }));
  CHECK(remote_client::connect(node.options()));
  CHECK(node.stats().gate_restarts == 0);
}

TEST_CASE("a gate that is killed comes back on its port",
          "[X03][security-S1]") {
  auto remote = remote_node::patient();
  // Nobody else gets it in between.
  remote.port = free_port();
  remote_node node{remote};
  node.add_sqlite("main");
  auto db = node.client();
  REQUIRE(db.execute("main", "SELECT 1"));
  raw_client peer{node};
  for (std::uint64_t round = 1; round <= 3; ++round) {
    caf::anon_send_exit(peer.gate(), caf::exit_reason::kill);
    REQUIRE(eventually([&] { return node.stats().gate_restarts == round; }));
    REQUIRE(eventually([&] {
      auto options = node.options();
      options.connect_limit = 5s;
      return remote_client::connect(options).has_value();
    }));
    auto other = raw_client{node};
    caf::anon_send_exit(other.gate(), caf::exit_reason::user_shutdown);
    // Who was in stays in.
    CHECK(db.execute("main", "SELECT 1"));
    break;
  }
  CHECK(node.stats().sessions >= 1);
}

TEST_CASE("a session that is killed leaves nothing behind", "[X03]") {
  remote_node node;
  node.add_sqlite("main");
  auto db = node.client();
  auto held = db.acquire("main");
  REQUIRE(held);
  raw_client peer{node};
  peer.acquire(1);
  REQUIRE(node.snapshot("main").leases.size() == 2);
  caf::anon_send_exit(peer.session(), caf::exit_reason::kill);
  CHECK(eventually([&] { return node.snapshot("main").leases.size() == 1; }));
  CHECK(held->execute("SELECT 1"));
}

TEST_CASE("CAF's own services are out of reach", "[X03][security-S1]") {
  remote_node node;
  raw_client peer{node};
  auto& middleman = peer.system().middleman();
  auto nid = peer.session().node();
  auto spawned = middleman.remote_spawn<caf::actor>(nid, "anything",
                                                    caf::make_message(), 5s);
  CHECK(!spawned);
  // The node still works.
  peer.say(ask_for_names(1));
  CHECK(peer.outcome(1).code == errc::none);
  // Pools and manager never got an address that a peer could use.
  auto& registry = node.system().registry();
  CHECK(registry.get(node.manager().id()) == nullptr);
}
