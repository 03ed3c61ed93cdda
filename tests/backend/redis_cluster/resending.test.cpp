#include "caf_pool/backend/redis_cluster/resending.hpp"

#include "backend/redis_cluster/known_commands.hpp"
#include "support/catch_compat.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::cluster;

namespace {

using numbers = std::vector<std::uint32_t>;
using kind = redirect::kind;

const node_address from{"h", 7000};
const redis_value ok{redis_status{"OK"}};

/// Commands and what the node says to each: the text of an error, or "OK".
using dialogue = std::vector<std::pair<redis_command, std::string>>;

resending plan(const dialogue& all) {
  std::vector<redis_command> commands;
  std::vector<result<redis_value>> replies;
  for (auto& [command, said] : all) {
    commands.push_back(command);
    if (said == "OK")
      replies.emplace_back(ok);
    else if (said != "none")
      replies.emplace_back(
        error{errc::execute_failed, said, said.substr(0, said.find(' '))});
  }
  return plan_of_resending(commands, replies, from, test::known_commands());
}

std::string moved(const std::string& key, const std::string& host = "g") {
  return "MOVED " + std::to_string(slot_of(key)) + " " + host + ":7001";
}

std::string ask(const std::string& key) {
  return "ASK " + std::to_string(slot_of(key)) + " g:7001";
}

const std::string try_again = "TRYAGAIN Multiple keys request";

redis_command get(const std::string& key) {
  return redis_command{"GET", key};
}

redis_command set(const std::string& key) {
  return redis_command{"SET", key, "x"};
}

redis_command mset(const std::string& x, const std::string& y) {
  return redis_command{"MSET", x, "x", y, "x"};
}

} // namespace

TEST_CASE("nothing is sent again of what was executed") {
  auto uut = plan({{set("a"), "OK"}, {get("a"), "WRONGTYPE Operation"}});
  CHECK(uut.groups.empty());
  CHECK(uut.held.empty());
  CHECK(uut.given_up.empty());
}

// Met on a real cluster during a migration: the usual retry left the older
// value.
TEST_CASE("an older write is not sent again after a younger one") {
  auto uut = plan({{mset("{s}1", "{s}2"), try_again}, {set("{s}2"), "OK"}});
  CHECK(uut.groups.empty());
  CHECK(uut.given_up == numbers{0});
}

TEST_CASE("order counts for keys that are shared, if one of two writes") {
  auto given_up = [](const redis_command& x, const redis_command& y) {
    return plan({{x, ask("{s}1")}, {y, "OK"}}).given_up == numbers{0};
  };
  CHECK(given_up(set("{s}1"), set("{s}1")));
  CHECK(given_up(set("{s}1"), get("{s}1")));
  CHECK(given_up(get("{s}1"), set("{s}1")));
  CHECK_FALSE(given_up(get("{s}1"), get("{s}1")));
  CHECK_FALSE(given_up(set("{s}1"), set("{s}2")));
}

TEST_CASE("what was executed before does not keep a command from its turn") {
  auto uut = plan({{set("a"), "OK"}, {set("a"), moved("a")}});
  CHECK(uut.given_up.empty());
  REQUIRE(uut.groups.size() == 1);
  CHECK(uut.groups[0].commands == numbers{1});
}

TEST_CASE("a command without a reply may have been executed") {
  auto uut = plan({{get("a"), moved("a")}, {set("a"), "none"}});
  CHECK(uut.given_up == numbers{0});
}

TEST_CASE("the commands of a slot that moved go in one batch") {
  auto uut = plan({{set("a"), moved("a")},
                   {set("b"), "OK"},
                   {set("{a}x"), moved("a")},
                   {get("a"), moved("a")}});
  REQUIRE(uut.groups.size() == 1);
  CHECK(uut.groups[0].why == kind::moved);
  CHECK(uut.groups[0].target == node_address{"g", 7001});
  CHECK(uut.groups[0].commands == numbers{0, 2, 3});
  REQUIRE(uut.moved.size() == 1);
  CHECK(uut.moved[0].slot == slot_of("a"));
}

TEST_CASE("slots that moved to one node go there together") {
  auto uut = plan({{set("a"), moved("a")},
                   {set("b"), moved("b", "f")},
                   {set("c"), moved("c")}});
  REQUIRE(uut.groups.size() == 2);
  CHECK(uut.groups[0].commands == numbers{0, 2});
  CHECK(uut.groups[1].commands == numbers{1});
  CHECK(uut.moved.size() == 3);
}

TEST_CASE("a command waits for an earlier one that goes elsewhere") {
  auto uut = plan({{set("{s}1"), ask("{s}1")},
                   {mset("{s}1", "{s}2"), try_again},
                   {set("{s}2"), ask("{s}2")},
                   {set("{s}3"), ask("{s}3")},
                   {get("{s}1"), ask("{s}1")}});
  REQUIRE(uut.groups.size() == 1);
  CHECK(uut.groups[0].why == kind::ask);
  CHECK(uut.groups[0].commands == numbers{0, 3});
  CHECK(uut.held == numbers{1, 2, 4});
}

TEST_CASE("reads of one key need not wait for each other") {
  auto uut = plan({{redis_command{"MGET", "{s}1", "{s}2"}, try_again},
                   {get("{s}1"), ask("{s}1")},
                   {set("{s}1"), ask("{s}1")}});
  REQUIRE(uut.groups.size() == 2);
  CHECK(uut.groups[0].commands == numbers{0});
  CHECK(uut.groups[1].commands == numbers{1});
  CHECK(uut.held == numbers{2});
}

TEST_CASE("what a script says is no redirect") {
  SECTION("of a slot that the command has not") {
    auto uut = plan({{set("a"), "MOVED 1 g:7001"}});
    CHECK(uut.groups.empty());
    CHECK(uut.moved.empty());
  }
  SECTION("of a command without keys") {
    auto uut = plan({{redis_command{"PING"}, "MOVED 1 g:7001"}});
    CHECK(uut.groups.empty());
  }
}
