#include "caf_pool/backend/redis/redis_leavings.hpp"

#include "raw_redis.hpp"
#include "support/catch_compat.hpp"
#include "support/private_redis.hpp"

#include <map>
#include <random>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

using leaving = redis_leaving;

redis_home home_of_app() {
  return {.database = 2,
          .user = "app",
          .password = secret{"pass"},
          .client_name = "caf_pool/main/3"};
}

const redis_value ok{redis_status{"OK"}};
const redis_value queued{redis_status{"QUEUED"}};
const redis_value failed{redis_failure{"ERR no"}};

void note(redis_leavings& to, const redis_command& x, const redis_value& y) {
  to.note(x, find_redis_command(x), y);
}

/// Renders the way home in one line.
std::string removal(const redis_leavings& x, const redis_home& home) {
  auto way = x.cheapest_removal(home);
  std::string result = way.close ? "close" : "";
  for (auto& command : way.commands) {
    result += result.empty() ? "" : "; ";
    for (auto part : command)
      result += (part == *command.begin() ? "" : " ") + std::string{part};
  }
  return result;
}

/// What remains after commands that all succeed.
std::string after(std::initializer_list<redis_command> commands,
                  const redis_home& home = home_of_app()) {
  redis_leavings x{home};
  for (auto& command : commands)
    note(x, command, ok);
  CHECK(x.nothing() == removal(x, home).empty());
  return removal(x, home);
}

const std::string anew
  = "RESET; HELLO 2 AUTH app pass SETNAME caf_pool/main/3; SELECT 2";

} // namespace

TEST_CASE("a connection is brought home by the fewest commands") {
  CHECK(after({}) == "");
  CHECK(after({redis_command{"GET", "a"}, redis_command{"BLPOP", "a", 0}})
        == "");
  CHECK(after({redis_command{"SELECT", 5}}) == "SELECT 2");
  CHECK(after({redis_command{"SELECT", 5}, redis_command{"SELECT", 2}}) == "");
  CHECK(after({redis_command{"MULTI"}}) == "DISCARD");
  CHECK(after({redis_command{"MULTI"}, redis_command{"EXEC"}}) == "");
  CHECK(after({redis_command{"WATCH", "a"}}) == "UNWATCH");
  CHECK(after({redis_command{"WATCH", "a"}, redis_command{"UNWATCH"}}) == "");
  CHECK(after({redis_command{"WATCH", "a"}, redis_command{"MULTI"}})
        == "DISCARD");
  CHECK(after({redis_command{"HELLO", 3}}) == "HELLO 2");
  CHECK(after({redis_command{"HELLO"}}) == "");
  CHECK(after({redis_command{"client", "setname", "x"}})
        == "CLIENT SETNAME caf_pool/main/3");
  CHECK(after({redis_command{"CLIENT", "NO-EVICT", "on"}})
        == "CLIENT NO-EVICT OFF");
  CHECK(after({redis_command{"CLIENT", "NO-TOUCH", "ON"}})
        == "CLIENT NO-TOUCH OFF");
  CHECK(after({redis_command{"CLIENT", "TRACKING", "ON"}})
        == "CLIENT TRACKING OFF");
  CHECK(after({redis_command{"READONLY"}}) == "READWRITE");
  CHECK(after({redis_command{"READWRITE"}}) == "");
  CHECK(after({redis_command{"ASKING"}}) == "HELLO");
  CHECK(after({redis_command{"ASKING"}, redis_command{"GET", "a"}}) == "");
  CHECK(after({redis_command{"ASKING"}, redis_command{"MULTI"}}) == "DISCARD");
  auto replica = redis_home{.replica = true};
  CHECK(after({redis_command{"READWRITE"}}, replica) == "READONLY");
}

TEST_CASE("much that was left is removed by a reset") {
  CHECK(after({redis_command{"AUTH", "x", "y"}}) == anew);
  CHECK(after({redis_command{"HELLO", 2, "AUTH", "x", "y"}}) == anew);
  CHECK(after({redis_command{"RESET"}}) == anew);
  CHECK(after({redis_command{"JSON.GET", "x"}}) == anew);
  CHECK(after({redis_command{"SUBSCRIBE", "x"}}) == anew);
  CHECK(after({redis_command{"MONITOR"}}) == anew);
  CHECK(after({redis_command{"MULTI"}, redis_command{"RESET"}}) == anew);
  CHECK(after({redis_command{"SELECT", 5}, redis_command{"HELLO", 3},
               redis_command{"READONLY"}, redis_command{"WATCH", "a"}})
        == anew);
  // RESET of 7.0 leaves it.
  CHECK(after({redis_command{"CLIENT", "NO-EVICT", "ON"},
               redis_command{"SUBSCRIBE", "x"}})
        == anew + "; CLIENT NO-EVICT OFF");
  auto bare = redis_home{};
  CHECK(after({redis_command{"RESET"}}, bare) == "RESET; HELLO 2");
  redis_leavings seen{bare};
  seen.lose_sight();
  CHECK(removal(seen, bare) == "RESET; HELLO 2");
  seen.clear();
  CHECK(seen.nothing());
}

TEST_CASE("what nothing removes closes the connection") {
  CHECK(after({redis_command{"CLIENT", "CAPA", "redirect"}}) == "close");
  CHECK(after({redis_command{"CLIENT", "REPLY", "OFF"}}) == "close");
  CHECK(after({redis_command{"QUIT"}}) == "close");
  CHECK(after({redis_command{"PSYNC", "?", -1}}) == "close");
  CHECK(
    after({redis_command{"CLIENT", "CAPA", "redirect"}, redis_command{"RESET"}})
    == "close");
  // Whoever switched it on may not be allowed to switch it off now.
  CHECK(after({redis_command{"CLIENT", "NO-EVICT", "ON"},
               redis_command{"AUTH", "x", "y"}})
        == "close");
}

TEST_CASE("commands that failed leave nothing") {
  redis_leavings x{home_of_app()};
  for (auto& command :
       {redis_command{"SELECT", 5}, redis_command{"MULTI"},
        redis_command{"WATCH", "a"}, redis_command{"AUTH", "x", "y"},
        redis_command{"HELLO", 3}, redis_command{"ASKING"},
        redis_command{"CLIENT", "SETNAME", "a b"}, redis_command{"DISCARD"}})
    note(x, command, failed);
  CHECK(x.nothing());
  // Its options take effect one after the other.
  note(x, redis_command{"HELLO", 3, "AUTH", "x", "y", "SETNAME", "a b"},
       failed);
  CHECK(x.has(leaving::user));
  CHECK_FALSE(x.has(leaving::protocol));
}

TEST_CASE("commands in a transaction take effect with EXEC") {
  auto home = home_of_app();
  redis_leavings x{home};
  note(x, redis_command{"MULTI"}, ok);
  note(x, redis_command{"GET", "a"}, queued);
  note(x, redis_command{"SELECT", 5}, queued);
  CHECK(x.database() == 2);
  CHECK_FALSE(x.has(leaving::database));
  SECTION("it ran") {
    note(x, redis_command{"EXEC"},
         redis_value{redis_array{{redis_value{std::string{"v"}}, ok}}});
    CHECK(x.database() == 5);
    CHECK(removal(x, home) == "SELECT 2");
  }
  SECTION("its command failed") {
    note(x, redis_command{"EXEC"},
         redis_value{redis_array{{redis_value{std::string{"v"}}, failed}}});
    CHECK(x.nothing());
  }
  SECTION("a watched key was changed") {
    note(x, redis_command{"EXEC"}, redis_value{});
    CHECK(x.nothing());
  }
  SECTION("EXEC was refused") {
    note(x, redis_command{"EXEC"}, failed);
    CHECK(x.nothing());
  }
  SECTION("it was called off") {
    note(x, redis_command{"DISCARD"}, ok);
    CHECK(x.nothing());
  }
  SECTION("WATCH is refused, and the transaction goes on") {
    note(x, redis_command{"WATCH", "a"}, failed);
    CHECK(removal(x, home) == "DISCARD");
  }
}

// -- against a server ---------------------------------------------------------

namespace {

using fields = std::map<std::string, std::string>;

fields fields_of(raw_redis& observer, std::int64_t id) {
  auto reply = observer("CLIENT", "LIST", "ID", id);
  auto text = std::string{*reply.text()};
  fields result;
  for (std::size_t at = 0; at < text.size();) {
    auto end = std::min(text.find_first_of(" \n", at), text.size());
    auto field = text.substr(at, end - at);
    if (auto equals = field.find('='); equals != field.npos)
      result[field.substr(0, equals)] = field.substr(equals + 1);
    at = end + 1;
  }
  REQUIRE(result.contains("db"));
  return result;
}

bool has_flag(const fields& x, char flag) {
  return x.at("flags").find(flag) != std::string::npos;
}

/// Commands of which any may follow any other.
std::vector<redis_command> sample_commands() {
  return {
    redis_command{"GET", "a"},
    redis_command{"SET", "b", 1},
    redis_command{"LPUSH", "b", 1},
    redis_command{"GET"},
    redis_command{"MULTI"},
    redis_command{"MULTI"},
    redis_command{"EXEC"},
    redis_command{"EXEC", "now"},
    redis_command{"DISCARD"},
    redis_command{"DISCARD", "now"},
    redis_command{"WATCH", "watched"},
    redis_command{"WATCH"},
    redis_command{"UNWATCH"},
    redis_command{"SELECT", 0},
    redis_command{"SELECT", 2},
    redis_command{"SELECT", 7},
    redis_command{"SELECT", 99},
    redis_command{"select", "x"},
    redis_command{"AUTH", "other", "pass"},
    redis_command{"AUTH", "other", "wrong"},
    redis_command{"AUTH", "app", "pass"},
    redis_command{"HELLO"},
    redis_command{"HELLO", 2},
    redis_command{"HELLO", 3},
    redis_command{"HELLO", 9},
    redis_command{"HELLO", 3, "SETNAME", "mine"},
    redis_command{"HELLO", 3, "AUTH", "other", "pass", "SETNAME", "a b"},
    redis_command{"CLIENT", "SETNAME", "his"},
    redis_command{"CLIENT", "SETNAME", "a b"},
    redis_command{"CLIENT", "NO-EVICT", "ON"},
    redis_command{"CLIENT", "NO-EVICT", "OFF"},
    redis_command{"CLIENT", "TRACKING", "ON"},
    redis_command{"CLIENT", "TRACKING", "OFF"},
    redis_command{"CLIENT", "TRACKING", "ON", "BCAST"},
    redis_command{"NONSENSE", 1},
    redis_command{"RESET"},
    redis_command{"EVAL", "return redis.call('select', 5)", 0},
    redis_command{"ASKING"},
  };
}

/// Reads the reply to a command; invalidations may come before it.
redis_value reply_of(raw_redis& session) {
  for (;;) {
    auto reply = session.read();
    auto* all = reply.array();
    if (all == nullptr || all->as != redis_array::form::push)
      return reply;
  }
}

redis_value run(raw_redis& session, const redis_command& command) {
  session.write(command);
  return reply_of(session);
}

/// What is there must be known; what is not must not be called left, unless it
/// is only called possible.
void compare(const redis_leavings& x, const redis_home& home,
             const fields& there) {
  CHECK(there.at("db") == std::to_string(x.database()));
  CHECK(has_flag(there, 'x') == x.has(leaving::transaction));
  CHECK((there.at("db") != std::to_string(home.database))
        == x.has(leaving::database));
  CHECK((there.at("resp") != std::to_string(home.protocol))
        == x.has(leaving::protocol));
  // Newer servers than 7.0 end it by RESET.
  if (has_flag(there, 'e'))
    CHECK(x.has(leaving::no_evict));
  CHECK(has_flag(there, 't') == x.has(leaving::tracking));
  CHECK(has_flag(there, 'r') == x.has(leaving::replica_reads));
  if (there.at("user") != home.user)
    CHECK(x.has(leaving::user));
  if (there.at("name") != home.client_name)
    CHECK(x.has(leaving::client_name));
}

/// A session that is at home after the set-up.
class guest {
public:
  guest(const private_redis& server, const redis_home& home)
    : session(server.socket_path()), known(home) {
    id = *session("CLIENT", "ID").as<std::int64_t>();
    for (auto& command : redis_set_up(home))
      REQUIRE(failure_of(run(session, command)) == "");
  }

  raw_redis session;
  redis_leavings known;
  std::int64_t id = 0;
};

/// Whether a session watches the key is seen when somebody changes it.
bool watches(raw_redis& observer, std::int64_t id) {
  for (auto database : {0, 2, 7}) {
    observer("SELECT", database);
    observer("INCR", "watched");
  }
  return has_flag(fields_of(observer, id), 'd');
}

} // namespace

TEST_CASE("a server has what is said to be left, and is brought home") {
  private_redis server;
  raw_redis observer{server.socket_path()};
  for (auto user : {"app", "other"})
    observer("ACL", "SETUSER", user, "on", ">pass", "+@all", "~*", "&*");
  auto home = home_of_app();
  auto commands = sample_commands();
  std::mt19937 random{20261129};
  std::size_t closed = 0;
  std::size_t exact = 0;
  for (auto round = 0; round < 400; ++round) {
    guest his{server, home};
    auto at_home = fields_of(observer, his.id);
    std::string story;
    for (auto left = 1 + random() % 12; left > 0; --left) {
      auto& command = commands[random() % commands.size()];
      story += to_string(redis_value{command.bulks()}) + '\n';
      INFO(story);
      note(his.known, command, run(his.session, command));
      compare(his.known, home, fields_of(observer, his.id));
    }
    INFO(story);
    CHECK(watches(observer, his.id) == his.known.has(leaving::watch));
    auto way = his.known.cheapest_removal(home);
    closed += way.close ? 1 : 0;
    exact += !way.commands.empty() && way.commands.front().name() != "RESET";
    if (way.close)
      continue;
    CHECK(his.known.nothing() == way.commands.empty());
    for (auto& command : way.commands)
      CHECK(failure_of(run(his.session, command)) == "");
    CHECK_FALSE(watches(observer, his.id));
    auto there = fields_of(observer, his.id);
    for (auto name : {"db", "name", "flags", "user", "resp", "redir"})
      CHECK(there.at(name) == at_home.at(name));
  }
  // All ways were gone.
  CHECK(closed > 0);
  CHECK(exact > 50);
}

TEST_CASE("a node of a cluster has what is said to be left") {
  private_redis server{{.settings = {"cluster-enabled yes", "port 0"}}};
  raw_redis observer{server.socket_path()};
  auto home = redis_home{.client_name = "caf_pool/main/3", .replica = true};
  guest his{server, home};
  auto at_home = fields_of(observer, his.id);
  CHECK(has_flag(at_home, 'r'));
  auto words = std::vector{
    redis_command{"READONLY"}, redis_command{"READWRITE"},
    redis_command{"ASKING"},   redis_command{"MULTI"},
    redis_command{"DISCARD"},  redis_command{"EXEC"},
    redis_command{"PING"},     redis_command{"SELECT", 1},
    redis_command{"GET", "a"}, redis_command{"CLIENT", "SETNAME", "x"}};
  std::mt19937 random{5};
  for (auto round = 0; round < 200; ++round) {
    for (auto left = 1 + random() % 5; left > 0; --left) {
      auto& command = words[random() % words.size()];
      note(his.known, command, run(his.session, command));
      auto there = fields_of(observer, his.id);
      CHECK(has_flag(there, 'r') != his.known.has(leaving::replica_reads));
      CHECK(has_flag(there, 'x') == his.known.has(leaving::transaction));
    }
    for (auto& command : his.known.cheapest_removal(home).commands)
      CHECK(failure_of(run(his.session, command)) == "");
    his.known.clear();
    auto there = fields_of(observer, his.id);
    for (auto name : {"name", "flags"})
      CHECK(there.at(name) == at_home.at(name));
  }
}

TEST_CASE("a session that listens is brought home by a reset") {
  private_redis server;
  raw_redis observer{server.socket_path()};
  observer("ACL", "SETUSER", "app", "on", ">pass", "+@all", "~*", "&*");
  auto home = home_of_app();
  for (auto& command :
       {redis_command{"SUBSCRIBE", "channel"}, redis_command{"MONITOR"}}) {
    INFO(command.name());
    guest his{server, home};
    auto at_home = fields_of(observer, his.id);
    note(his.known, command, his.session.run(command));
    for (auto i = 0; i < 3; ++i)
      observer("PUBLISH", "channel", "+RESET");
    auto way = his.known.cheapest_removal(home);
    REQUIRE(!way.commands.empty());
    for (auto& x : way.commands)
      his.session.write(x);
    auto reply = his.session.read();
    CHECK_FALSE(reply.is_status("RESET"));
    while (!reply.is_status("RESET"))
      reply = his.session.read();
    for (auto i = std::size_t{1}; i < way.commands.size(); ++i)
      CHECK(failure_of(his.session.read()) == "");
    CHECK(his.session("ECHO", "x").text() == "x");
    auto there = fields_of(observer, his.id);
    for (auto name : {"db", "name", "flags", "user", "sub"})
      CHECK(there.at(name) == at_home.at(name));
  }
}
