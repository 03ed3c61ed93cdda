#include "caf_pool/backend/testing/scripted.hpp"
#include "caf_pool/remote/connector.hpp"
#include "caf_pool/remote/setup.hpp"

#include "raw_client.hpp"
#include "remote_node.hpp"
#include "support/catch_compat.hpp"
#include "support/chaos_proxy.hpp"
#include "support/chaos_socket.hpp"
#include "support/eventually.hpp"
#include "support/outcome.hpp"

#include <caf/io/middleman.hpp>

#include <any>
#include <atomic>
#include <fstream>
#include <iomanip>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

/// For a program with actors of its own that uses remote pools.
struct client_config : caf::actor_system_config {
  explicit client_config(const link_options& link) {
    set_fair_scheduler(*this, 2);
    configure_remote(*this, link);
  }
};

call_options within_patience() {
  auto how = acquire_options{};
  how.limit = patience;
  return how.starting(clock::now());
}

} // namespace

// -- pools --------------------------------------------------------------------

TEST_CASE(
  "a request to a pool whose actors died is answered and may be tried "
  "again",
  "[trap-T63]") {
  remote_node node;
  node.add_sqlite("main");
  auto db = node.client();
  REQUIRE(db.execute("main", "SELECT 1"));
  caf::anon_send_exit(node.pool("main"), caf::exit_reason::kill);
  // First the session notices, then the manager.
  REQUIRE(eventually([&] {
    auto x = code_of(db.execute("main", "SELECT 1"));
    CHECK((x == errc::restarted || x == errc::closed));
    return x == errc::closed;
  }));
  // Under the same name there is another one later.
  node.add_sqlite("main");
  CHECK(db.execute("main", "SELECT 1"));
}

namespace {

/// Finds nothing and says nothing.
manager_handle::behavior_type silent_manager(manager_handle::pointer self) {
  // A promise that nobody holds any more is an answer on CAF 1.x.
  auto promises = std::make_shared<std::vector<std::any>>();
  auto never_kept = [self, promises](auto reply) {
    auto result = self->make_response_promise<decltype(reply)>();
    promises->emplace_back(result);
    return result;
  };
  return {
    [=](const find_pool&) { return never_kept(pool_handle{}); },
    [=](const revive_pool&) { return never_kept(pool_handle{}); },
    [=](const list_pools&) { return never_kept(pool_list{}); },
    [=](const create_pool&) { return never_kept(pool_handle{}); },
    [=](const get_all_snapshots&) { return never_kept(all_snapshots{}); },
    [=](const get_pool_snapshot&) { return never_kept(pool_snapshot{}); },
    [=](const apply_pools&) { return never_kept(accepted{}); },
    [=](const drain_all&) { return never_kept(accepted{}); },
    [](const subscribe_all&) {},
  };
}

} // namespace

TEST_CASE("a session answers in the place of actors that do not") {
  remote_node node;
  auto manager = node.system().spawn(silent_manager);
  auto options = gate_options{};
  options.remote = remote_node::patient();
  options.remote.token_file = node.folder() + "/tokens";
  auto gate = publish_gate(node.system(), manager, options);
  REQUIRE(gate);
  gate->let_in();
  auto there = node.options();
  there.address = "127.0.0.1:" + std::to_string(gate->port());
  auto db = remote_client::connect(there);
  REQUIRE(db);
  // The client's own limit comes first ...
  CHECK(code_of(db->acquire("main", 100ms)) == errc::acquire_timeout);
  CHECK(code_of(db->execute("main", "SELECT 1", 100ms))
        == errc::outcome_unknown);
  // ... but the session does not keep requests for ever.
  gate->stop("over");
  caf::anon_send_exit(manager, caf::exit_reason::user_shutdown);
}

// -- links --------------------------------------------------------------------

TEST_CASE("a cut connection fails what is under way, and is made again",
          "[E01][E02][trap-T60]") {
  remote_node node;
  auto server = std::make_shared<scripted_backend>();
  auto config = pool_config{};
  config.min_size = 0;
  config.max_size = 3;
  node.add_pool(config, server);
  chaos_proxy proxy{node.port()};
  auto db = remote_client::connect(node.through(proxy));
  REQUIRE(db);
  auto held = db->acquire("main");
  REQUIRE(held);
  server->hold(backend_call::execute);
  auto running = db->execute_later("main", {"INSERT"});
  REQUIRE(server->wait_for_held(backend_call::execute));
  proxy.reset();
  auto outcome = running.get();
  CHECK(code_of(outcome) == errc::outcome_unknown);
  CHECK(held->lost());
  CHECK(code_of(held->execute("SELECT")) == errc::lease_lost);
  server->stop_holding(backend_call::execute);
  CHECK(eventually([&] { return db->execute("main", "SELECT").has_value(); }));
  CHECK(eventually([&] { return node.snapshot("main").leases.empty(); }));
}

TEST_CASE("a silent partition fences both sides",
          "[E03][E04][trap-T60][trap-T61]") {
  remote_node node{remote_node::quick(), remote_node::quick_link()};
  node.add_sqlite("main", 1);
  node.execute("main", "CREATE TABLE t (x)");
  chaos_proxy proxy{node.port()};
  auto db = remote_client::connect(node.through(proxy));
  REQUIRE(db);
  // A machine that stands still takes leases away, too.
  auto held = result<remote_lease>{error{}};
  REQUIRE(eventually([&] {
    held = db->acquire("main");
    return held && held->execute("BEGIN")
           && held->execute("INSERT INTO t VALUES (1)");
  }));
  proxy.set(chaos_proxy::mode::stall);
  // The client gives up by itself, and not later than the node, which gives
  // the connection to the next one, rolled back.
  CHECK(eventually([&] { return held->lost(); }));
  CHECK(code_of(held->execute("COMMIT")) == errc::lease_lost);
  auto rows = node.execute("main", "SELECT count(*) FROM t");
  CHECK(rows[0][0].as<std::int64_t>() == 0);
  proxy.set(chaos_proxy::mode::pass);
  CHECK(eventually(
    [&] { return db->execute("main", "SELECT 1", 5s).has_value(); }));
  CHECK(held->lost());
}

TEST_CASE("calls without a connection fail at once, and say why") {
  auto node = std::make_unique<remote_node>();
  chaos_proxy proxy{node->port()};
  auto db = remote_client::connect(node->through(proxy));
  REQUIRE(db);
  proxy.set(chaos_proxy::mode::refuse);
  proxy.reset();
  REQUIRE(eventually([&] { return !db->connected(); }));
  auto refused = db->execute("main", "SELECT 1");
  CHECK(code_of(refused) == errc::node_unreachable);
  // Not the words of a call that waited.
  CHECK_THAT(refused.error().message, StartsWith("not connected to the node")
                                        && ContainsSubstring("127.0.0.1:"));
  CHECK(code_of(db->acquire("main")) == errc::node_unreachable);
  CHECK(code_of(db->list()) == errc::node_unreachable);
}

TEST_CASE("a listener that never answers does not hold a client up",
          "[trap-T60]") {
  remote_node node;
  chaos_proxy proxy{node.port()};
  proxy.set(chaos_proxy::mode::stall);
  auto options = node.through(proxy);
  options.connect_limit = 1s;
  auto refused = remote_client::connect(options);
  CHECK(code_of(refused) == errc::node_unreachable);
}

namespace {

/// Hears who greets and says nothing.
wire::gate_handle::behavior_type silent_gate(
  wire::gate_handle::pointer self,
  std::shared_ptr<std::atomic<int>> greetings) {
  using promise = caf::typed_response_promise<wire::welcome>;
  auto promises = std::make_shared<std::vector<promise>>();
  return {
    [=](const wire::hello&) {
      promises->push_back(self->make_response_promise<wire::welcome>());
      ++*greetings;
      return promises->back();
    },
  };
}

} // namespace

TEST_CASE("a login that is cut off is begun again at once", "[E01][trap-T60]") {
  remote_node node;
  auto greetings = std::make_shared<std::atomic<int>>(0);
  auto gate = node.system().spawn(silent_gate, greetings);
  auto port = node.system().middleman().publish(gate, 0, "127.0.0.1");
  REQUIRE(port);
  chaos_proxy proxy{*port};
  client_config cfg{remote_node::patient_link()};
  caf::actor_system system{cfg};
  auto options = node.through(proxy);
  options.connect_limit = 10min;
  auto db = spawn_remote_client(system, options);
  REQUIRE(db);
  REQUIRE(eventually([&] { return *greetings == 1; }));
  proxy.reset();
  CHECK(eventually([&] { return *greetings == 2; }));
  post_to(*db, remote_close{});
  caf::anon_send_exit(gate, caf::exit_reason::user_shutdown);
}

namespace {

/// Returns whether somebody waits for a port to answer a first packet.
bool knocks(std::uint16_t port) {
  std::ifstream table{"/proc/net/tcp"};
  std::ostringstream there;
  there << "0100007F:" << std::uppercase << std::hex << std::setfill('0')
        << std::setw(4) << port << " 02 "; // SYN_SENT
  std::string line;
  while (std::getline(table, line))
    if (line.find(there.str()) != std::string::npos)
      return true;
  return false;
}

/// Closes a client while it knocks at a server with room for nobody, and lets
/// it in then. Returns whether the client went on until it was let in: it need
/// not if what knocks is its look.
bool waits_for_its_connect() {
  // It has room for the first look, and for nobody else.
  auto server = chaos_socket::listen(0, 0);
  client_config cfg{remote_node::quick_link()};
  caf::actor_system system{cfg};
  auto options = remote_options{};
  options.address = "127.0.0.1:" + std::to_string(server.port());
  options.principal = "nobody";
  options.token = secret{"0123456789abcdef"};
  options.connect_limit = 5s;
  auto db = spawn_remote_client(system, options);
  REQUIRE(db);
  REQUIRE(eventually([&] { return knocks(server.port()); }));
  post_to(*db, remote_close{});
  caf::scoped_actor self{system};
  auto answer = [&] {
    auto result = errc::none;
    ask(self.ptr(), *db, caf::infinite, remote_list{})
      .receive([](const remote_names&) {},
               [&](const caf::error& why) { result = from_caf(why).code; });
    return result;
  };
  auto waits = answer() == errc::closed;
  // Let in, it can end, and the actor system with it.
  std::vector<chaos_socket> guests;
  CHECK(eventually([&] {
    if (answer() == errc::restarted)
      return true;
    guests.push_back(server.accept());
    return false;
  }));
  return waits;
}

} // namespace

TEST_CASE("a client ends when no connect of its is under way any more",
          "[trap-T60]") {
  CHECK(eventually([] { return waits_for_its_connect(); }));
}

// -- actors -------------------------------------------------------------------

TEST_CASE("actors use remote pools by messages") {
  remote_node node;
  node.add_sqlite("main", 2);
  client_config cfg{remote_node::patient_link()};
  caf::actor_system system{cfg};
  auto db = spawn_remote_client(system, node.options());
  REQUIRE(db);
  caf::scoped_actor self{system};
  std::string lease;
  REQUIRE(eventually([&] {
    auto ok = false;
    ask(self.ptr(), *db, caf::infinite,
        remote_acquire{"main", within_patience()})
      .receive(
        [&](const remote_grant& x) {
          lease = x.lease;
          ok = true;
        },
        [](const caf::error&) {});
    return ok;
  }));
  std::int64_t number = 0;
  ask(self.ptr(), *db, caf::infinite,
      remote_execute{"", {{"SELECT ?1", {7}}}, within_patience(), lease})
    .receive(
      [&](const remote_outcome& x) {
        number = x.value.results()[0][0][0].as<std::int64_t>();
      },
      [](const caf::error& why) { FAIL(to_string(from_caf(why))); });
  CHECK(number == 7);
  error missing;
  ask(self.ptr(), *db, caf::infinite, remote_get_snapshot{"none"})
    .receive([](const remote_snapshot&) {},
             [&](const caf::error& why) { missing = from_caf(why); });
  CHECK(missing.code == errc::pool_not_found);
  // A lease of an actor that ends comes back by itself.
  CHECK(node.snapshot("main").leases.size() == 1);
  {
    caf::scoped_actor brief{system};
    ask(brief.ptr(), *db, caf::infinite,
        remote_acquire{"main", within_patience()})
      .receive([](const remote_grant&) {}, [](const caf::error&) {});
    CHECK(eventually([&] { return node.snapshot("main").leases.size() == 2; }));
  }
  CHECK(eventually([&] { return node.snapshot("main").leases.size() == 1; }));
  post_to(*db, remote_release{lease, {}});
  CHECK(eventually([&] { return node.snapshot("main").leases.empty(); }));
  post_to(*db, remote_close{});
}
