#include "caf_pool/protocol/messages.hpp"

#include "caf_pool/remote/setup.hpp"

#include "support/catch_compat.hpp"

#include <caf/io/middleman.hpp>

#include <chrono>
#include <string>
#include <tuple>
#include <typeinfo>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

struct config : caf::actor_system_config {
  config() {
    set_fair_scheduler(*this, 2);
    configure_remote(*this);
  }
};

/// One system with something in every field, for every message.
auto samples(const wire::session_handle& session) {
  using namespace wire;
  return std::make_tuple(
    hello{7, "app", "t0ken", "shop"},
    welcome{8, session, "node-1", 5'000'000, 1'000'000},
    call{1, 2, "main", 3, std::string("a\0b", 3), 4}, release{"t", "it broke"},
    cancel{12}, renew{18}, goodbye{"done"}, answer{22, "payload", 28},
    event{"payload", 24}, revoked{"t", "silent"}, renewed{25},
    farewell{"drain"}, part{29, std::string("c\0d", 3)}, more{30});
}

using sample_tuple = decltype(samples({}));

template <class... Ts>
caf::behavior echo_all(const std::tuple<Ts...>&) {
  return caf::behavior{[](Ts& x) { return x; }...};
}

wire::session_handle::behavior_type deaf_session() {
  using namespace wire;
  return {[](const call&) {},  [](const release&) {}, [](const cancel&) {},
          [](const renew&) {}, [](const goodbye&) {}, [](const part&) {},
          [](const more&) {}};
}

template <class T>
void check_echo(caf::scoped_actor& self, const caf::actor& echo, const T& x) {
  INFO(typeid(T).name());
  auto same = false;
  std::string problem;
  ask(self.ptr(), echo, 10s, x)
    .receive([&](const T& back) { same = back == x; },
             [&](caf::error& why) { problem = to_string(from_caf(why)); });
  CHECK(problem == "");
  CHECK(same);
}

template <class T>
constexpr int id_of = static_cast<int>(caf::type_id<T>::value)
                      - static_cast<int>(caf::first_custom_type_id);

} // namespace

TEST_CASE("every message travels to another actor system and back") {
  config server_cfg;
  config client_cfg;
  caf::actor_system server{server_cfg};
  caf::actor_system client{client_cfg};
  auto session = client.spawn(deaf_session);
  auto xs = samples(session);
  auto echo = server.spawn([&xs] { return echo_all(xs); });
  auto port = server.middleman().publish(echo, 0, "127.0.0.1");
  REQUIRE(port);
  auto there = client.middleman().remote_actor("127.0.0.1", *port);
  REQUIRE(there);
  {
    caf::scoped_actor self{client};
    std::apply([&](auto&... x) { (check_echo(self, *there, x), ...); }, xs);
  }
  caf::anon_send_exit(echo, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(session, caf::exit_reason::user_shutdown);
}

TEST_CASE("the numbers of messages are pinned") {
  using namespace wire;
  CHECK(id_of<hello> == 100);
  CHECK(id_of<welcome> == 101);
  CHECK(id_of<call> == 102);
  CHECK(id_of<release> == 103);
  CHECK(id_of<cancel> == 104);
  CHECK(id_of<renew> == 105);
  CHECK(id_of<goodbye> == 106);
  CHECK(id_of<answer> == 107);
  CHECK(id_of<event> == 108);
  CHECK(id_of<revoked> == 109);
  CHECK(id_of<renewed> == 110);
  CHECK(id_of<farewell> == 111);
  CHECK(id_of<part> == 112);
  CHECK(id_of<more> == 113);
  CHECK(std::tuple_size_v<
          sample_tuple> == wire_messages::end - wire_messages::begin);
}

TEST_CASE("times travel as what remains, in whole microseconds", "[trap-T62]") {
  CHECK(wire::to_us(0ns) == 0);
  CHECK(wire::to_us(-1s) == 0);
  // Rounding to zero would mean no limit at all.
  CHECK(wire::to_us(1ns) == 1);
  CHECK(wire::to_us(1500ns) == 1);
  CHECK(wire::to_us(2s) == 2'000'000);
  CHECK(wire::from_us(wire::to_us(duration::max())) > 24h * 365 * 9);
  CHECK(wire::from_us(2'000'000) == 2s);
  CHECK(wire::from_us(-5) == 0s);
  CHECK(wire::from_us(INT64_MAX)
        == wire::from_us(wire::to_us(duration::max())));
}
