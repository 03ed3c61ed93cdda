// How answers reach the callers of a remote client.

#include "caf_pool/backend/testing/scripted.hpp"
#include "caf_pool/caf/send_in_name_of.hpp"
#include "caf_pool/remote/connector_actor.hpp"
#include "caf_pool/remote/setup.hpp"
#include "caf_pool/remote/waiting_call.hpp"

#include "remote_node.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/outcome.hpp"

#include <caf/actor_system.hpp>
#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

/// Keeps the thread busy on which a client runs handlers, and with it the
/// client's connector.
class busy_handler {
public:
  explicit busy_handler(remote_client& db) {
    db.execute_async("main", {"SELECT 1"},
                     [this](const result<remote_client::results>&) {
                       entered_.set_value();
                       leave_.get_future().wait_for(patience);
                       left_.set_value();
                     });
    if (entered_.get_future().wait_for(patience) != std::future_status::ready)
      throw std::runtime_error{"the handler was not called"};
  }

  ~busy_handler() {
    leave_.set_value();
    left_.get_future().wait();
  }

  busy_handler(const busy_handler&) = delete;
  busy_handler& operator=(const busy_handler&) = delete;

private:
  std::promise<void> entered_, leave_, left_;
};

wire::answer grant_of(std::uint64_t request, const std::string& token,
                      duration waited = 0s) {
  return {request, wire::encode(wire::grant{token, waited})};
}

struct quick_config : caf::actor_system_config {
  quick_config() {
    set_fair_scheduler(*this, 2);
    configure_remote(*this, remote_node::patient_link());
  }
};

/// An actor system with the parts of a client, to speak to each of them.
struct client_parts {
  explicit client_parts(const remote_options& options)
    : link(std::make_shared<remote_link>(options.address)) {
    std::promise<error> outcome;
    auto where = parse_address(options.address).value();
    connector = system.spawn<connector_actor>(connector_setup{
      options, where, link, [&](const error& x) { outcome.set_value(x); }});
    if (auto why = outcome.get_future().get())
      throw pool_error{why};
  }

  ~client_parts() {
    post_to(connector, remote_close{});
  }

  client_parts(const client_parts&) = delete;
  client_parts& operator=(const client_parts&) = delete;

  template <class Message>
  void tell(const caf::strong_actor_ptr& from, Message x) {
    send_in_name_of(from, caf::actor_cast<caf::strong_actor_ptr>(connector),
                    std::move(x));
  }

  /// Says everything that could answer a request.
  void forge_answers(const caf::strong_actor_ptr& from, std::uint64_t request) {
    tell(from, wire::answer{request, {}});
    tell(from, grant_of(request, "forged"));
    tell(from, wire::answer{request, "forged"});
    tell(from, wire::answer{request,
                            wire::encode(error{errc::internal, "forged", {}})});
  }

  /// Returns when the connector has read what it was told.
  bool settled() {
    auto ok = false;
    ask(self.ptr(), connector, caf::infinite, remote_list{})
      .receive([&](const remote_names&) { ok = true; },
               [](const caf::error&) {});
    return ok;
  }

  quick_config cfg;
  caf::actor_system system{cfg};
  caf::scoped_actor self{system};
  std::shared_ptr<remote_link> link;
  connector_shell connector;
};

/// A node with nothing behind its gate but a session that answers questions
/// and never says that it heard a renewal.
struct terse_node {
  explicit terse_node(duration ttl) {
    session = system.spawn([](caf::event_based_actor* self) {
      auto answer = [self](const wire::call& x) {
        send_in_name_of(self->ctrl(), self->current_sender(),
                        wire::answer{x.request, "none"});
      };
      return caf::behavior{answer, [](const wire::renew&) {},
                           [](const wire::goodbye&) {}};
    });
    auto to_all = wire::welcome{
      wire::protocol_version, caf::actor_cast<wire::session_handle>(session),
      "terse", wire::to_us(ttl), wire::to_us(ttl / 10)};
    gate = system.spawn([to_all](caf::event_based_actor*) {
      return caf::behavior{[to_all](const wire::hello&) { return to_all; }};
    });
    port = *system.middleman().publish(gate, 0, "127.0.0.1");
  }

  ~terse_node() {
    caf::anon_send_exit(session, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(gate, caf::exit_reason::user_shutdown);
  }

  terse_node(const terse_node&) = delete;
  terse_node& operator=(const terse_node&) = delete;

  remote_options options() const {
    auto result = remote_options{};
    result.address = "127.0.0.1:" + std::to_string(port);
    result.link = remote_node::patient_link();
    result.connect_limit = patience;
    return result;
  }

  quick_config cfg;
  caf::actor_system system{cfg};
  caf::actor session, gate;
  std::uint16_t port = 0;
};

/// A link whose session and connector are what a test wants them to be.
struct lone_link {
  lone_link() {
    connect(session);
  }

  static caf::strong_actor_ptr address(const caf::scoped_actor& x) {
    return caf::actor_cast<caf::strong_actor_ptr>(x.address());
  }

  void connect(const caf::scoped_actor& to) {
    auto welcome = wire::welcome{};
    welcome.lease_ttl_us = wire::to_us(ttl);
    link.up(caf::actor_cast<wire::session_handle>(address(to)),
            address(connector), welcome, clock::now());
  }

  /// Asks, and keeps what is answered.
  std::uint64_t call(bool only_wakes, call_kind kind = call_kind::question) {
    auto handler = [this](remote_reply x) { replies.push_back(std::move(x)); };
    return link
      .call(wire::call{}, {kind, clock::now(), never, handler, only_wakes})
      .value();
  }

  bool answer_early(std::uint64_t request, const caf::scoped_actor& from,
                    const std::string& payload = "early") {
    return link.settle_early(address(from), {request, payload}, clock::now());
  }

  static constexpr duration ttl = 10min;
  quick_config cfg;
  caf::actor_system system{cfg};
  caf::scoped_actor session{system};
  caf::scoped_actor stranger{system};
  caf::scoped_actor connector{system};
  remote_link link{"nowhere"};
  std::vector<remote_reply> replies;
};

} // namespace

// -- threads that wait --------------------------------------------------------

TEST_CASE("a handler that takes its time delays no caller that waits") {
  remote_node node;
  node.add_sqlite("main");
  auto db = node.client();
  busy_handler busy{db};
  // An answer of each kind: values, a failure, a lease, nothing but the word.
  auto rows = db.execute("main", {"SELECT ?1", {7}});
  REQUIRE(code_of(rows) == errc::none);
  CHECK((*rows)[0][0].as<std::int64_t>() == 7);
  CHECK(code_of(db.execute("main", "SELEKT")) == errc::execute_failed);
  auto held = db.acquire("main");
  REQUIRE(code_of(held) == errc::none);
  CHECK(held->execute("SELECT 1"));
  held->release();
  CHECK(eventually([&] { return node.snapshot("main").leases.empty(); }));
  CHECK(db.find("main"));
}

TEST_CASE("a handler is not called while another one runs") {
  remote_node node;
  node.add_sqlite("main");
  auto db = node.client();
  std::future<result<remote_client::results>> later;
  {
    busy_handler busy{db};
    later = db.execute_later("main", {"SELECT 1"});
    // By then its answer has come, too.
    for (auto i = 0; i < 20; ++i)
      REQUIRE(db.execute("main", "SELECT 2"));
    CHECK(later.wait_for(0s) == std::future_status::timeout);
  }
  CHECK(later.get());
}

// -- strangers ----------------------------------------------------------------

TEST_CASE("nobody but its session answers a client's calls",
          "[X03][security-S14]") {
  remote_node node;
  auto server = std::make_shared<scripted_backend>();
  auto config = pool_config{};
  config.min_size = 0;
  node.add_pool(config, server);
  server->hold(backend_call::open);
  client_parts client{node.options()};
  auto waiting = std::async(std::launch::async, [&] {
    return call_and_wait(*client.link,
                         ask_for_lease(*client.link, "main", {}, 5min));
  });
  REQUIRE(server->wait_for_held(backend_call::open));
  caf::scoped_actor stranger{client.system};
  for (std::uint64_t request = 0; request < 4; ++request) {
    client.forge_answers(nullptr, request);
    client.forge_answers(lone_link::address(stranger), request);
    client.forge_answers(lone_link::address(client.self), request);
  }
  CHECK(client.settled());
  CHECK(waiting.wait_for(0s) == std::future_status::timeout);
  server->stop_holding(backend_call::open);
  auto reply = waiting.get();
  REQUIRE(!reply.why);
  REQUIRE(reply.lease);
  CHECK(reply.lease->token != "forged");
  CHECK(client.link->alive(*reply.lease));
}

TEST_CASE("a link settles early only what its session answers") {
  lone_link x;
  auto request = x.call(true);
  CHECK(!x.answer_early(request, x.stranger));
  CHECK(!x.link.settle_early(nullptr, {request, {}}, clock::now()));
  auto forged = grant_of(request, "forged");
  CHECK(!x.link.settle_early(nullptr, forged, clock::now()));
  CHECK(!x.link.settle_early(x.address(x.stranger), forged, clock::now()));
  CHECK(x.replies.empty());
  CHECK(x.answer_early(request, x.session));
  REQUIRE(x.replies.size() == 1);
  CHECK(x.replies[0].payload == "early");
}

TEST_CASE("a client survives an error that answers nothing", "[X03]") {
  remote_node node;
  client_parts client{node.options()};
  client.tell(nullptr, caf::make_error(caf::sec::runtime_error));
  CHECK(client.settled());
  CHECK(client.link->connected());
}

// -- once ---------------------------------------------------------------------

TEST_CASE("a call is settled once, early or not", "[trap-T1]") {
  lone_link x;
  auto first = x.call(true);
  CHECK(x.answer_early(first, x.session));
  CHECK(!x.answer_early(first, x.session));
  x.link.settle(first, {}, clock::now());
  CHECK(x.replies.size() == 1);
  auto second = x.call(true);
  x.link.settle(second, {}, clock::now());
  CHECK(!x.answer_early(second, x.session));
  CHECK(x.replies.size() == 2);
  auto third = x.call(true);
  CHECK(x.link.withdraw(third));
  CHECK(!x.answer_early(third, x.session));
  // Not taken, so that the connector gives it back.
  CHECK(!x.link.settle_early(x.address(x.session), grant_of(third, "late", 0us),
                             clock::now()));
  CHECK(x.replies.size() == 2);
}

TEST_CASE("an answer for somebody else's code is left to the connector") {
  lone_link x;
  auto request = x.call(false, call_kind::acquire);
  CHECK(!x.answer_early(request, x.session));
  CHECK(!x.link.settle_early(x.address(x.session),
                             grant_of(request, "one", 0us), clock::now()));
  CHECK(x.replies.empty());
  x.link.settle(request, grant_of(request, "one").payload, clock::now());
  REQUIRE(x.replies.size() == 1);
  CHECK(x.link.alive(*x.replies[0].lease));
}

TEST_CASE("answers of a session that ended settle nothing") {
  lone_link x;
  auto lost = x.call(true);
  x.link.down({errc::node_unreachable, "cut", {}});
  REQUIRE(x.replies.size() == 1);
  CHECK(x.replies[0].why.code == errc::node_unreachable);
  CHECK(!x.answer_early(lost, x.session));
  x.connect(x.stranger);
  auto request = x.call(true);
  CHECK(!x.answer_early(request, x.session));
  CHECK(x.answer_early(request, x.stranger));
  CHECK(x.replies.size() == 2);
}

// -- in parts -----------------------------------------------------------------

TEST_CASE("an answer in parts settles its call when it is complete") {
  lone_link x;
  auto request = x.call(true);
  x.link.expect({request, "", 3});
  x.link.gather({request, "ab"});
  CHECK(x.replies.empty());
  x.link.gather({request, "c"});
  x.link.gather({request, "d"});
  REQUIRE(x.replies.size() == 1);
  CHECK(x.replies[0].payload == "abc");
}

TEST_CASE("an answer in parts that makes no sense fails its call", "[X03]") {
  lone_link x;
  auto large = x.call(false);
  x.link.expect({large, "", UINT64_MAX});
  REQUIRE(x.replies.size() == 1);
  CHECK(x.replies[0].why.code == errc::result_too_large);
  auto twice = x.call(false);
  x.link.expect({twice, "", 3});
  x.link.expect({twice, "", 3});
  REQUIRE(x.replies.size() == 2);
  CHECK(x.replies[1].why.code == errc::protocol_mismatch);
  auto longer = x.call(false);
  x.link.expect({longer, "", 3});
  x.link.gather({longer, "abcd"});
  REQUIRE(x.replies.size() == 3);
  CHECK(x.replies[2].why.code == errc::protocol_mismatch);
}

TEST_CASE("nothing is put together for a call that is over") {
  lone_link x;
  auto given_up = x.call(true);
  x.link.expect({given_up, "", 3});
  x.link.gather({given_up, "ab"});
  CHECK(x.link.withdraw(given_up));
  x.link.gather({given_up, "c"});
  x.link.expect({given_up, "", 3});
  CHECK(x.replies.empty());
  // The next one is whole all the same.
  auto next = x.call(true);
  x.link.expect({next, "", 2});
  x.link.gather({next, "yz"});
  REQUIRE(x.replies.size() == 1);
  CHECK(x.replies[0].payload == "yz");
  auto lost = x.call(true);
  x.link.expect({lost, "", 2});
  x.link.down({errc::node_unreachable, "cut", {}});
  x.connect(x.session);
  x.link.gather({lost, "yz"});
  REQUIRE(x.replies.size() == 2);
  CHECK(x.replies[1].why.code == errc::node_unreachable);
}

// -- time ---------------------------------------------------------------------

TEST_CASE("a grant that comes early belongs to the term in which it comes") {
  lone_link x;
  auto start = clock::now();
  auto from = x.address(x.session);
  CHECK(x.link.settle_early(
    from, grant_of(x.call(true, call_kind::acquire), "old", 1us), start));
  CHECK(x.link.alive(*x.replies.at(0).lease));
  CHECK(x.replies[0].waited == 1us);
  // This side was silent for too long meanwhile.
  auto later = clock::now() + 2 * x.ttl;
  CHECK(x.link.settle_early(
    from, grant_of(x.call(true, call_kind::acquire), "new", 0us), later));
  CHECK(!x.link.alive(*x.replies[0].lease));
  CHECK(x.link.alive(*x.replies.at(1).lease));
  CHECK(x.link.heard_early() == later);
}

TEST_CASE("a session that answers callers is not silent") {
  constexpr duration ttl = 1s;
  terse_node node{ttl};
  auto talk = [&] {
    auto asked_before = clock::now();
    client_parts client{node.options()};
    auto until = clock::now() + 3 * ttl / 2;
    while (clock::now() < until) {
      auto asked = clock::now();
      auto reply = call_and_wait(*client.link,
                                 ask_about(wire::subject::list, {}, patience));
      // The machine stood still: the session may have been silent.
      if (clock::now() - std::exchange(asked_before, asked) > ttl)
        return false;
      REQUIRE(to_string(reply.why) == to_string(error{}));
      REQUIRE(reply.payload == "none");
    }
    // Only answers show that it is there.
    CHECK(eventually([&] { return !client.link->connected(); }));
    return true;
  };
  CHECK(eventually(talk));
}

TEST_CASE("an answer that took long leaves limits to later calls") {
  lone_link x;
  x.link.measured(3s);
  CHECK(x.link.travel_limit(200ms) == 100ms);
  CHECK(x.link.travel_limit(10s) == 10s - 3s - 20ms);
}

TEST_CASE("a lease that was granted early can be revoked") {
  lone_link x;
  auto from = x.address(x.session);
  CHECK(x.link.settle_early(
    from, grant_of(x.call(true, call_kind::acquire), "one", 0us),
    clock::now()));
  x.link.revoke({"one", "an operator wants it"});
  CHECK(!x.link.alive(*x.replies.at(0).lease));
}
