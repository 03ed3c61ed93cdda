#include "caf_pool/backend/redis_cluster/batch_splitter.hpp"

#include "backend/redis_cluster/known_commands.hpp"
#include "support/catch_compat.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::cluster;

namespace {

using numbers = std::vector<std::uint32_t>;
using replies = std::vector<result<redis_value>>;
using kind = redirect::kind;
using commands = std::vector<redis_command>;

const node_address a{"a", 7000};
const node_address b{"b", 7000};
const node_address c{"c", 7000};
const redis_value ok{redis_status{"OK"}};

/// "foo" has slot 12182, "bar" 5061, "qux" 9995 and "zap" 6469.
slot_table halves() {
  slot_table result;
  REQUIRE(result.add(0, 8191, a));
  REQUIRE(result.add(8192, 16383, b));
  return result;
}

result<batch_splitter> make(commands items, split_options options = {},
                            redis_commands::form as
                            = redis_commands::form::pipeline) {
  options.facts = test::known_commands();
  return batch_splitter::make({std::move(items), as}, std::move(options));
}

batch_splitter made(commands items, split_options options = {}) {
  auto result = make(std::move(items), std::move(options));
  REQUIRE(result);
  return *std::move(result);
}

batch_splitter transaction(commands items) {
  auto result = make(std::move(items), {}, redis_commands::form::transaction);
  REQUIRE(result);
  return *std::move(result);
}

split_options cutting() {
  split_options result;
  result.split = true;
  return result;
}

result<redis_value> refused(const std::string& text) {
  return error{errc::execute_failed, text, text.substr(0, text.find(' '))};
}

redis_value text(const std::string& x) {
  return redis_value{x};
}

redis_command get(const std::string& key) {
  return redis_command{"GET", key};
}

redis_command set(const std::string& key, int value = 1) {
  return redis_command{"SET", key, value};
}

} // namespace

TEST_CASE("the keys have the slots that these tests count on") {
  CHECK(slot_of("foo") == 12182);
  CHECK(slot_of("bar") == 5061);
  CHECK(slot_of("qux") == 9995);
  CHECK(slot_of("zap") == 6469);
}

TEST_CASE("a call becomes one batch for each node") {
  auto uut = made({get("foo"), get("bar"), get("qux"), get("zap")});
  auto open = uut.start(halves());
  REQUIRE(open.size() == 2);
  CHECK(open[0].target == b);
  CHECK(open[0].work.items == commands{get("foo"), get("qux")});
  CHECK(open[1].target == a);
  CHECK(open[1].work.items == commands{get("bar"), get("zap")});
  CHECK_FALSE(open[0].asking);
  CHECK_FALSE(uut.done());
  SECTION("and the replies come in its order, whoever is first") {
    auto first = std::move(open[0]);
    uut.answered(std::move(open[1]), {text("bar"), text("zap")}, halves());
    CHECK_FALSE(uut.done());
    uut.answered(std::move(first), {text("foo"), text("qux")}, halves());
    REQUIRE(uut.done());
    CHECK(std::move(uut).finish().items
          == replies{text("foo"), text("bar"), text("qux"), text("zap")});
  }
  SECTION("and a node that is down takes none of the others' results") {
    auto gone = error{errc::connection_lost, "gone", ""};
    uut.abandon(std::move(open[1]), gone);
    uut.answered(std::move(open[0]), {text("foo"), text("qux")}, halves());
    REQUIRE(uut.done());
    CHECK(std::move(uut).finish().items
          == replies{text("foo"), gone, text("qux"), gone});
  }
}

TEST_CASE("an empty call is done at once") {
  auto uut = made({});
  CHECK(uut.start(halves()).empty());
  CHECK(uut.done());
  CHECK(std::move(uut).finish().items.empty());
}

TEST_CASE("commands without keys go along with others") {
  redis_command ping{"PING"};
  auto uut = made({ping, get("bar"), ping});
  auto open = uut.start(halves());
  REQUIRE(open.size() == 1);
  CHECK(open[0].target == a);
  CHECK(open[0].parts == numbers{0, 1, 2});
  SECTION("or to any node") {
    CHECK(made({ping}).start(halves(), 0)[0].target == a);
    CHECK(made({ping}).start(halves(), 1)[0].target == b);
    CHECK(made({ping}).start(halves(), 2)[0].target == a);
  }
  SECTION("or nowhere if no node is known") {
    CHECK_FALSE(made({ping}).start(slot_table{})[0].target);
  }
}

TEST_CASE("keys of several slots are refused before anything is sent") {
  auto mget = redis_command{"MGET", "foo", "{foo}x", "bar"};
  auto uut = make({get("foo"), mget});
  REQUIRE_FALSE(uut);
  CHECK(uut.error().code == errc::invalid_argument);
  CHECK(uut.error().state == "CROSSSLOT");
  CHECK(uut.error().message
        == "command 2 (MGET) has keys in the slots 12182 and 5061; keys lie in "
           "one slot if they share what stands in braces, as in "
           "{user:7}:name, or let the command be cut (split)");
  CHECK(make({mget}, cutting()));
  CHECK(make({redis_command{"MGET", "foo", "{foo}x"}}));
}

TEST_CASE("a command whose keys are not known is refused") {
  auto uut = make({get("foo"), redis_command{"STRANGE\n", "x"}});
  REQUIRE_FALSE(uut);
  CHECK(uut.error().code == errc::not_supported);
  CHECK(uut.error().message == "command 2 (STRANGE?): its keys are not known");
}

TEST_CASE("a command is cut by slots, and its replies are merged") {
  auto uut
    = made({redis_command{"MGET", "foo", "bar", "{foo}x", "zap"}, get("bar")},
           cutting());
  auto open = uut.start(halves());
  REQUIRE(open.size() == 2);
  CHECK(open[0].work.items == commands{redis_command{"MGET", "foo", "{foo}x"}});
  // Two slots of one node are two commands.
  CHECK(open[1].work.items
        == commands{redis_command{"MGET", "bar"}, redis_command{"MGET", "zap"},
                    get("bar")});
  auto list = [](std::vector<std::string> xs) {
    redis_array all;
    for (auto& x : xs)
      all.items.push_back(text(x));
    return redis_value{all};
  };
  uut.answered(std::move(open[0]), {list({"1", "3"})}, halves());
  uut.answered(std::move(open[1]), {list({"2"}), list({"4"}), text("2")},
               halves());
  CHECK(std::move(uut).finish().items
        == replies{list({"1", "2", "3", "4"}), text("2")});
}

TEST_CASE("slots that nobody serves wait for another table") {
  auto uut = made({get("foo"), get("bar")});
  auto table = slot_table{};
  table.add(0, 8191, a);
  auto open = uut.start(table);
  REQUIRE(open.size() == 2);
  CHECK(open[0].target == a);
  CHECK_FALSE(open[1].target);
  CHECK(open[1].why == kind::unserved);
  auto routed = uut.route(std::move(open[1]), halves());
  REQUIRE(routed.size() == 1);
  CHECK(routed[0].target == b);
  CHECK(routed[0].parts == numbers{0});
}

TEST_CASE("MOVED is followed and told") {
  auto uut = made({set("foo"), set("qux"), get("foo")});
  auto open = uut.start(halves());
  auto moved = refused("MOVED 12182 a:7000");
  auto next = uut.answered(std::move(open[0]), {moved, ok, moved}, halves());
  REQUIRE(next.batches.size() == 1);
  CHECK(next.batches[0].target == a);
  CHECK(next.batches[0].why == kind::moved);
  CHECK(next.batches[0].parts == numbers{0, 2});
  CHECK(next.batches[0].work.items == commands{set("foo"), get("foo")});
  REQUIRE(next.moved.size() == 1);
  CHECK(next.moved[0].slot == 12182);
  CHECK(next.refresh);
  CHECK_FALSE(next.leads_back);
  next = uut.answered(std::move(next.batches[0]), {ok, text("1")}, halves());
  CHECK(next.batches.empty());
  CHECK(std::move(uut).finish().items == replies{ok, ok, text("1")});
}

TEST_CASE("ASK is followed and not learned") {
  auto uut = made({set("foo")});
  auto open = uut.start(halves());
  auto next
    = uut.answered(std::move(open[0]), {refused("ASK 12182 a:7000")}, halves());
  REQUIRE(next.batches.size() == 1);
  CHECK(next.batches[0].target == a);
  CHECK(next.batches[0].asking);
  CHECK(next.moved.empty());
  CHECK_FALSE(next.refresh);
}

TEST_CASE("MOVED without a host waits for another table") {
  auto uut = made({set("foo")});
  auto open = uut.start(halves());
  auto next = uut.answered(std::move(open[0]), {refused("MOVED 12182 ?:7000")},
                           halves());
  REQUIRE(next.batches.size() == 1);
  CHECK_FALSE(next.batches[0].target);
  CHECK(next.batches[0].why == kind::unserved);
  CHECK(next.moved.empty());
  CHECK(next.refresh);
}

TEST_CASE("a node that redirects to itself is another one now") {
  auto uut = made({set("foo")});
  auto open = uut.start(halves());
  auto next = uut.answered(std::move(open[0]), {refused("MOVED 12182 b:7000")},
                           halves());
  CHECK(next.leads_back);
}

TEST_CASE("only nodes that are known or allowed are followed") {
  auto options = split_options{};
  auto moved = replies{refused("MOVED 12182 c:7000")};
  SECTION("others end the command") {
    auto uut = made({set("foo")}, options);
    auto open = uut.start(halves());
    auto next = uut.answered(std::move(open[0]), moved, halves());
    CHECK(next.batches.empty());
    CHECK(next.moved.empty());
    CHECK(next.refresh);
    REQUIRE(uut.done());
    auto why = std::move(uut).finish().items[0].error();
    CHECK(why.state == "MOVED");
    CHECK(why.message
          == "MOVED 12182 c:7000; that address is neither known nor allowed");
  }
  SECTION("or are allowed") {
    options.trusted = [](const node_address& x) { return x == c; };
    auto uut = made({set("foo")}, options);
    auto open = uut.start(halves());
    auto next = uut.answered(std::move(open[0]), moved, halves());
    REQUIRE(next.batches.size() == 1);
    CHECK(next.batches[0].target == c);
    CHECK(next.moved.size() == 1);
  }
}

TEST_CASE("a command follows five redirects") {
  auto uut = made({set("foo")});
  auto open = uut.start(halves());
  auto hops = 0;
  for (; !open.empty(); ++hops) {
    auto other = *open[0].target == a ? "b" : "a";
    auto said = "MOVED 12182 " + std::string{other} + ":7000";
    open = uut.answered(std::move(open[0]), {refused(said)}, halves()).batches;
  }
  CHECK(hops == 6);
  REQUIRE(uut.done());
  CHECK(std::move(uut).finish().items[0].error().state == "MOVED");
}

TEST_CASE("waiting is no redirect") {
  auto uut = made({set("foo")});
  auto open = uut.start(halves());
  for (auto i = 0; i < 20; ++i) {
    auto said = i % 2 == 0 ? "TRYAGAIN Multiple keys" : "CLUSTERDOWN The";
    auto next = uut.answered(std::move(open[0]), {refused(said)}, halves());
    REQUIRE(next.batches.size() == 1);
    CHECK_FALSE(next.batches[0].target);
    CHECK(next.batches[0].why
          == (i % 2 == 0 ? kind::try_again : kind::cluster_down));
    CHECK_FALSE(next.refresh);
    open = uut.route(std::move(next.batches[0]), halves());
  }
  SECTION("and whoever waits no longer has the last error") {
    uut.abandon(std::move(open[0]), {errc::execute_timeout, "late", ""});
    REQUIRE(uut.done());
    CHECK(std::move(uut).finish().items == replies{refused("CLUSTERDOWN The")});
  }
}

TEST_CASE("the replies that are missing are unknown") {
  auto uut = made({set("foo"), set("foo")});
  auto open = uut.start(halves());
  uut.answered(std::move(open[0]), {ok}, halves());
  REQUIRE(uut.done());
  auto all = std::move(uut).finish().items;
  CHECK(all[0] == result<redis_value>{ok});
  CHECK(all[1].error().code == errc::outcome_unknown);
}

TEST_CASE("a command that is held is sent when the others were answered") {
  auto both = redis_command{"MSET", "foo", 1, "{foo}x", 1};
  auto uut = made({both, set("foo", 2), get("qux")});
  auto open = uut.start(halves());
  auto next = uut.answered(
    std::move(open[0]),
    {refused("TRYAGAIN Multiple keys"), refused("ASK 12182 a:7000"), ok},
    halves());
  REQUIRE(next.batches.size() == 1);
  CHECK(next.batches[0].parts == numbers{0});
  open = uut.route(std::move(next.batches[0]), halves());
  SECTION("in its turn") {
    next = uut.answered(std::move(open[0]), {ok}, halves());
  }
  SECTION("or when they are given up") {
    next = uut.abandon(std::move(open[0]), {});
  }
  REQUIRE(next.batches.size() == 1);
  CHECK(next.batches[0].parts == numbers{1});
  CHECK(next.batches[0].work.items == commands{set("foo", 2)});
  CHECK_FALSE(uut.done());
  CHECK_FALSE(next.batches[0].target);
}

TEST_CASE("a transaction lies in one slot") {
  auto as = redis_commands::form::transaction;
  auto uut = make({set("foo"), set("bar")}, {}, as);
  REQUIRE_FALSE(uut);
  CHECK(uut.error().state == "CROSSSLOT");
  // On another slot of the same node as well; nothing of it is cut.
  CHECK_FALSE(make({set("foo"), set("qux")}, cutting(), as));
  CHECK_FALSE(make({redis_command{"MGET", "foo", "qux"}}, cutting(), as));
  CHECK(make({set("foo"), get("{foo}x")}, {}, as));
}

TEST_CASE("a transaction is one batch, also when it is sent again") {
  auto uut = transaction({redis_command{"PING"}, set("foo"), get("{foo}x")});
  auto open = uut.start(halves());
  REQUIRE(open.size() == 1);
  CHECK(open[0].target == b);
  CHECK(open[0].work.as == redis_commands::form::transaction);
  auto aborted = refused("EXECABORT Transaction discarded");
  SECTION("because a command was refused") {
    auto next = uut.answered(std::move(open[0]),
                             {aborted, refused("MOVED 12182 a:7000"), aborted},
                             halves());
    REQUIRE(next.batches.size() == 1);
    CHECK(next.batches[0].target == a);
    CHECK(next.batches[0].work.as == redis_commands::form::transaction);
    CHECK(next.batches[0].parts == numbers{0, 1, 2});
    CHECK(next.moved.size() == 1);
    CHECK(next.refresh);
  }
  SECTION("because EXEC was refused") {
    auto ask = refused("ASK 12182 a:7000");
    auto next = uut.answered(std::move(open[0]), {ask, ask, ask}, halves());
    REQUIRE(next.batches.size() == 1);
    CHECK(next.batches[0].asking);
    CHECK(next.batches[0].work.items.size() == 3);
  }
  SECTION("but not if it was executed") {
    auto next = uut.answered(std::move(open[0]),
                             {ok, refused("MOVED 12182 a:7000"), ok}, halves());
    CHECK(next.batches.empty());
    CHECK(uut.done());
  }
  SECTION("nor for another slot") {
    auto next
      = uut.answered(std::move(open[0]),
                     {aborted, refused("MOVED 1 a:7000"), aborted}, halves());
    CHECK(next.batches.empty());
    CHECK(uut.done());
  }
}
