#include "caf_pool/core/random.hpp"

#include "redis_fixture.hpp"
#include "support/free_port.hpp"
#include "support/rounds.hpp"

#include <chrono>
#include <filesystem>
#include <future>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

using namespace std::chrono_literals;

using command = redis_command;
using commands = std::vector<command>;

/// A login as far from the server's defaults as it can be, so that nothing is
/// right by chance.
pool_config distant_home(const private_redis& server) {
  server.query(
    {"ACL", "SETUSER", "ann", "reset", "on", ">pw", "~*", "&*", "+@all"});
  auto result = redis_config(server);
  result.options["database"] = "3";
  result.options["user"] = "ann";
  result.options["client_name"] = "home";
  result.password = secret{"pw"};
  return result;
}

/// What holders leave, one a row. `other` is another connection's number.
std::vector<commands> leavings(std::int64_t other) {
  return {
    {command{"MULTI"}},
    {command{"MULTI"}, command{"SELECT", 5}},
    {command{"MULTI"}, command{"SELECT", 5}, command{"EXEC"}},
    {command{"MULTI"}, command{"NOSUCHCOMMAND"}, command{"EXEC"}},
    {command{"WATCH", "watched"}},
    {command{"WATCH", "watched"}, command{"MULTI"}, command{"GET", "a"}},
    {command{"SELECT", 0}},
    {command{"select", "7"}},
    {command{"AUTH", "default", "any"}},
    {command{"HELLO", 2, "AUTH", "default", "any", "SETNAME", "x"}},
    {command{"HELLO", 3}},
    {command{"HELLO", 2, "SETNAME", "x"}},
    {command{"HELLO", 9, "AUTH", "default", "any"}},
    {command{"CLIENT", "SETNAME", "theirs"}},
    {command{"CLIENT", "SETNAME", ""}},
    {command{"CLIENT", "SETINFO", "LIB-NAME", "theirs"}},
    {command{"CLIENT", "NO-EVICT", "ON"}},
    {command{"CLIENT", "NO-TOUCH", "ON"}},
    {command{"CLIENT", "TRACKING", "ON", "REDIRECT", other}},
    {command{"CLIENT", "TRACKING", "ON", "REDIRECT", other, "BCAST"}},
    {command{"READONLY"}},
    {command{"ASKING"}},
    {command{"RESET"}},
    {command{"RESET"}, command{"CLIENT", "NO-EVICT", "ON"}},
    {command{"NOSUCHCOMMAND"}},
  };
}

/// A holder's connection, and another one that looks on.
struct two_sessions {
  private_redis server;
  pool_config config = distant_home(server);
  std::unique_ptr<redis_connection> conn = open_redis(config);
  std::unique_ptr<redis_connection> other = open_redis(config);
  std::string home = session_of(*conn);

  /// Sends commands as a holder does, each for itself.
  void leave(const commands& xs) {
    for (auto& x : xs)
      (void) reply_of(*conn, x);
  }

  /// Tells whether the next holder finds nothing of the last one. Opens another
  /// connection if the reset closed this one, which is right as well.
  std::string traces_after(reset_policy policy) {
    auto done = conn->reset(policy, soon());
    if (!done) {
      if (conn->state() != trace::broken)
        return "neither clean nor broken: " + outcome_of(done);
      conn = open_redis(config);
      return {};
    }
    if (conn->state() != trace::clean)
      return "not clean";
    if (auto now = session_of(*conn); now != home)
      return now + " instead of " + home;
    (void) reply_of(*other, command{"INCR", "watched"});
    auto ran = transaction(*conn, {command{"SET", "mine", 1}});
    return ran ? std::string{} : outcome_of(ran);
  }
};

} // namespace

TEST_CASE("a reset removes each thing that a holder can leave") {
  NEED_REDIS();
  two_sessions both;
  auto id = both.other->greeting().id;
  for (auto policy : {reset_policy::automatic, reset_policy::full})
    for (auto& row : leavings(id)) {
      both.leave(row);
      INFO(to_string(redis_value{std::string{row.back().bulks()}}));
      CHECK(both.traces_after(policy) == "");
    }
}

TEST_CASE("a reset does what its policy says, and no more") {
  NEED_REDIS();
  two_sessions both;
  auto& conn = *both.conn;
  both.leave({command{"SELECT", 5}, command{"MULTI"}});
  CHECK(conn.reset(reset_policy::none, soon()));
  CHECK(conn.transaction() == transaction_status::open);
  CHECK(conn.reset(reset_policy::transaction, soon()));
  CHECK(conn.transaction() == transaction_status::none);
  CHECK(conn.state() == trace::dirty);
  CHECK_THAT(session_of(conn), ContainsSubstring("db=5"));
  both.leave({command{"WATCH", "watched"}});
  CHECK(conn.reset(reset_policy::transaction, soon()));
  (void) reply_of(*both.other, command{"INCR", "watched"});
  (void) reply_of(*both.other, command{"SELECT", 5});
  (void) reply_of(*both.other, command{"INCR", "watched"});
  CHECK(transaction(conn, {command{"SET", "mine", 1}}));
  CHECK(conn.reset(reset_policy::automatic, soon()));
  CHECK(conn.state() == trace::clean);
  CHECK(session_of(conn) == both.home);
}

TEST_CASE("a clean connection costs no round trip to reset") {
  NEED_REDIS();
  private_redis server;
  auto conn = open_redis(redis_config(server));
  CHECK(text_of(*conn, command{"SET", "a", 1}) == "OK");
  frozen scope{server};
  CHECK(conn->reset(reset_policy::automatic, soon()));
  CHECK(conn->reset(reset_policy::transaction, soon()));
  CHECK(conn->state() == trace::clean);
}

TEST_CASE("a reset never ends as another user") {
  NEED_REDIS();
  two_sessions both;
  // The password is another one by now: RESET works, AUTH does not.
  both.leave({command{"AUTH", "default", "any"}});
  both.server.query({"ACL", "SETUSER", "ann", "resetpass", ">new"});
  auto done = both.conn->reset(reset_policy::automatic, soon());
  CHECK(outcome_of(done).starts_with("connection_lost"));
  CHECK(both.conn->state() == trace::broken);
  CHECK(text_of(*both.conn, command{"ACL", "WHOAMI"}) == "connection_lost");
}

TEST_CASE("no holder finds anything of those before it") {
  NEED_REDIS();
  two_sessions both;
  auto rows = leavings(both.other->greeting().id);
  auto dice = random_source{5};
  std::size_t traces = 0;
  for (auto i = rounds(10'000); i > 0; --i) {
    auto left = std::string{};
    for (auto n = dice.below(5); n > 0; --n) {
      auto& row = rows[dice.below(rows.size())];
      both.leave(row);
      for (auto& x : row)
        left += std::string{x.name()} + ' ' + std::string{x.at(1)} + "; ";
    }
    auto policy
      = dice.below(5) == 0 ? reset_policy::full : reset_policy::automatic;
    auto found = both.traces_after(policy);
    traces += found.empty() ? 0 : 1;
    if (!found.empty() && traces < 5)
      UNSCOPED_INFO(left << " left " << found);
  }
  CHECK(traces == 0);
}

TEST_CASE("a probe notices that the server closed the connection") {
  NEED_REDIS();
  two_sessions both;
  CHECK(both.conn->probe(soon()));
  both.server.query(
    {"CLIENT", "KILL", "ID", std::to_string(both.conn->greeting().id)});
  CHECK(outcome_of(both.conn->probe(soon())) == "connection_lost");
  CHECK(both.conn->state() == trace::broken);
  CHECK(both.other->probe(soon()));
}

TEST_CASE("a probe and a reset notice that the master is a replica now") {
  NEED_REDIS();
  two_sessions both;
  both.server.query({"REPLICAOF", "127.0.0.1", std::to_string(free_port())});
  // Its reads go on until somebody asks.
  CHECK(text_of(*both.conn, command{"GET", "a"}) == "(nil)");
  CHECK(both.conn->state() == trace::clean);
  auto probed = both.conn->probe(soon());
  CHECK(outcome_of(probed) == "connection_lost");
  CHECK_THAT(probed.error().message, ContainsSubstring("replica"));
  CHECK(both.conn->state() == trace::broken);
  CHECK(text_of(*both.other, command{"SET", "a", 1})
        == "server_unready (READONLY)");
  CHECK(both.other->state() == trace::dirty);
  CHECK(outcome_of(both.other->reset(reset_policy::none, soon()))
        == "connection_lost");
  CHECK(both.other->state() == trace::broken);
}

TEST_CASE("a connection outlives a short time of its server as a replica") {
  NEED_REDIS();
  two_sessions both;
  both.server.query({"REPLICAOF", "127.0.0.1", std::to_string(free_port())});
  CHECK(text_of(*both.conn, command{"SET", "a", 1})
        == "server_unready (READONLY)");
  both.server.query({"REPLICAOF", "NO", "ONE"});
  CHECK(both.conn->reset(reset_policy::automatic, soon()));
  CHECK(both.conn->state() == trace::clean);
  CHECK(text_of(*both.conn, command{"SET", "a", 1}) == "OK");
}

TEST_CASE("a probe does not mind a server that cannot save") {
  NEED_REDIS();
  two_sessions both;
  both.server.query({"CONFIG", "SET", "save", "3600 1"});
  auto name = both.server.query({"CONFIG", "GET", "dir"}).substr(4);
  std::filesystem::create_directory(std::filesystem::path{name} / "dump.rdb");
  both.server.query({"SET", "a", "1"});
  both.server.query({"BGSAVE"});
  CHECK(eventually([&] {
    return text_of(*both.conn, command{"PING"}) == "server_unready (MISCONF)";
  }));
  CHECK(both.conn->probe(soon()));
  CHECK(both.conn->state() == trace::clean);
  CHECK(text_of(*both.conn, command{"GET", "a"}) == "(nil)");
}

TEST_CASE("a probe does not mind a server that runs a script") {
  NEED_REDIS();
  two_sessions both;
  both.server.query({"CONFIG", "SET", "busy-reply-threshold", "1"});
  auto script = std::async(std::launch::async, [&] {
    return text_of(*both.other, command{"EVAL", "while true do end", 0});
  });
  CHECK(eventually([&] {
    return text_of(*both.conn, command{"PING"}) == "server_unready (BUSY)";
  }));
  CHECK(both.conn->probe(soon()));
  CHECK(both.conn->state() == trace::clean);
  CHECK(text_of(*both.conn, command{"SCRIPT", "KILL"}) == "OK");
  CHECK(script.get().starts_with("execute_failed"));
  CHECK(both.other->state() == trace::clean);
}
