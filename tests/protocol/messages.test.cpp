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
    welcome{8, session, "node-1", 5'000'000, 1'000'000}, find_pool{1, "main"},
    list_pools{2}, execute{3, "main", std::string("a\0b", 3), 4, 5, 26},
    acquire{6, "main", 7, 8, 9, true, true}, execute_on{10, "t", "s", 11, 27},
    release{"t", "it broke"}, cancel{12}, get_snapshot{13, "main"},
    get_health{14, ""}, subscribe{15, "main", true}, control{16, "main", 3, 17},
    renew{18}, goodbye{"done"}, done{19}, granted{20, "t", 21},
    answer{22, "payload", 28}, failed{23, 16, "text", "08006"},
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
  return {[](const find_pool&) {},  [](const list_pools&) {},
          [](const execute&) {},    [](const acquire&) {},
          [](const execute_on&) {}, [](const release&) {},
          [](const cancel&) {},     [](const get_snapshot&) {},
          [](const get_health&) {}, [](const subscribe&) {},
          [](const control&) {},    [](const renew&) {},
          [](const goodbye&) {},    [](const part&) {},
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
  CHECK(id_of<find_pool> == 102);
  CHECK(id_of<list_pools> == 103);
  CHECK(id_of<execute> == 104);
  CHECK(id_of<acquire> == 105);
  CHECK(id_of<execute_on> == 106);
  CHECK(id_of<release> == 107);
  CHECK(id_of<cancel> == 108);
  CHECK(id_of<get_snapshot> == 109);
  CHECK(id_of<get_health> == 110);
  CHECK(id_of<subscribe> == 111);
  CHECK(id_of<control> == 112);
  CHECK(id_of<renew> == 113);
  CHECK(id_of<goodbye> == 114);
  CHECK(id_of<done> == 115);
  CHECK(id_of<granted> == 116);
  CHECK(id_of<answer> == 117);
  CHECK(id_of<failed> == 118);
  CHECK(id_of<event> == 119);
  CHECK(id_of<revoked> == 120);
  CHECK(id_of<renewed> == 121);
  CHECK(id_of<farewell> == 122);
  CHECK(id_of<part> == 123);
  CHECK(id_of<more> == 124);
  CHECK(std::tuple_size_v<
          sample_tuple> == wire_messages::end - wire_messages::begin);
}

TEST_CASE("errors keep code, text and state") {
  auto why = error{errc::outcome_unknown, "who knows", "08006"};
  auto sent = wire::to_failed(7, why);
  CHECK(sent.request == 7);
  CHECK(wire::to_error(sent) == why);
  // A code of a later release.
  sent.code = 250;
  CHECK(wire::to_error(sent).code == errc::internal);
  sent.code = 0;
  CHECK(wire::to_error(sent).code == errc::internal);
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
