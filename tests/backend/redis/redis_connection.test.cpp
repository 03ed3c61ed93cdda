#include "redis_fixture.hpp"
#include "support/conformance.hpp"
#include "support/free_port.hpp"

#include <chrono>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

using namespace std::chrono_literals;

using command = redis_command;

/// A server without data, and a connection to it.
struct connected_redis {
  private_redis& server = private_redis::shared();
  std::unique_ptr<redis_connection> conn;

  connected_redis() {
    server.query({"FLUSHALL"});
    conn = open_redis(redis_config(server));
  }

  redis_connection& operator*() {
    return *conn;
  }
};

/// What a reply of a pipeline is, as `text_of` tells it.
std::vector<std::string> texts_of(const result<redis_replies>& xs) {
  if (!xs)
    return {outcome_of(xs)};
  std::vector<std::string> result;
  for (auto& x : xs->items)
    result.push_back(x ? to_string(*x) : outcome_of(x));
  return result;
}

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("a Redis connection conforms") {
  NEED_REDIS();
  private_redis_options options;
  options.tls = true;
  static private_redis server{options};
  backend_under_test mine;
  mine.can_cancel = false;
  mine.can_restrict = false;
  mine.make_unreachable
    = [] { return redis_backend_of(redis_config(free_port())); };
  mine.make = [] { return redis_backend_of(redis_config(server)); };
  SECTION("by TCP") {
    run_conformance(mine);
  }
  SECTION("by TLS") {
    mine.make = [] { return redis_backend_of(redis_tls_config(server)); };
    run_conformance(mine);
  }
  SECTION("by a unix socket") {
    mine.make = [] {
      auto config = redis_config(0);
      config.options = {{"path", server.socket_path()}};
      return redis_backend_of(config);
    };
    run_conformance(mine);
  }
}

TEST_CASE("a command brings its reply, whatever bytes it carries") {
  NEED_REDIS();
  connected_redis redis;
  auto bytes = std::string{"\0\r\n$3\r\n*1\xff ", 12};
  CHECK(text_of(*redis, command{"SET", bytes, bytes}) == "OK");
  CHECK(reply_of(*redis, command{"GET", bytes})->as<std::string>().value()
        == bytes);
  CHECK(text_of(*redis, command{"GET", "none"}) == "(nil)");
  CHECK(text_of(*redis, command{"STRLEN", bytes}) == "12");
  CHECK(text_of(*redis, command{"EVAL", "return {1,{'a'},{}}", 0})
        == "[1, [\"a\"], []]");
  CHECK(text_of(*redis, command{"SET", "", ""}) == "OK");
  CHECK(text_of(*redis, command{"GET", ""}) == "\"\"");
  auto large = std::string(20'000'000, 'x');
  CHECK(text_of(*redis, command{"SET", "large", large}) == "OK");
  CHECK(reply_of(*redis, command{"GET", "large"})->as<std::string>().value()
        == large);
  CHECK((*redis).state() == trace::clean);
}

TEST_CASE("an error reply is the error of its command") {
  NEED_REDIS();
  connected_redis redis;
  CHECK(text_of(*redis, command{"LPUSH", "list", 1}) == "1");
  CHECK(text_of(*redis, command{"GET", "list"})
        == "execute_failed (WRONGTYPE)");
  CHECK(text_of(*redis, command{"NOSUCHCOMMAND"}) == "execute_failed (ERR)");
  CHECK(text_of(*redis, command{"GET"}) == "execute_failed (ERR)");
  CHECK(text_of(*redis, command{"LLEN", "list"}) == "1");
  CHECK((*redis).state() == trace::dirty); // an unknown command went by
  CHECK((*redis).reset(reset_policy::automatic, soon()));
  CHECK((*redis).state() == trace::clean);
}

TEST_CASE("a pipeline brings each reply, or why there is none") {
  NEED_REDIS();
  connected_redis redis;
  CHECK(
    texts_of(pipeline(*redis, {command{"SET", "a", 1}, command{"INCR", "a"},
                               command{"LPUSH", "a", 1}, command{"GET", "a"}}))
    == texts{"OK", "2", "execute_failed (WRONGTYPE)", "\"2\""});
  CHECK((*redis).state() == trace::clean);
}

TEST_CASE("a pipeline far beyond the window comes back in order") {
  NEED_REDIS();
  connected_redis redis;
  auto config = redis_config(redis.server);
  auto [count, bytes]
    = GENERATE(std::pair{"1000", "1048576"}, std::pair{"1", "1024"},
               std::pair{"1000000", "1073741824"});
  config.options["pipeline_max_commands"] = count;
  config.options["pipeline_max_bytes"] = bytes;
  auto conn = open_redis(config);
  std::vector<command> echoes;
  for (int i = 0; i < 5000; ++i)
    echoes.emplace_back("ECHO", std::to_string(i) + std::string(i % 700, 'x'));
  auto replies = pipeline(*conn, echoes);
  REQUIRE(replies);
  REQUIRE(replies->items.size() == echoes.size());
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < echoes.size(); ++i)
    wrong += replies->items[i].value().text() != echoes[i].at(1) ? 1 : 0;
  CHECK(wrong == 0);
}

TEST_CASE("neither side waits for the other in a pipeline of large values") {
  NEED_REDIS();
  connected_redis redis;
  auto config = redis_config(redis.server);
  config.max_result_bytes = std::uint64_t{1} << 30;
  auto conn = open_redis(config);
  auto value = std::string(100'000, 'v');
  std::vector<command> echoes(1000, command{"ECHO", value});
  auto replies = pipeline(*conn, std::move(echoes));
  REQUIRE(replies);
  for (auto& x : replies->items)
    if (x.value().text() != value)
      FAIL("another value");
}

TEST_CASE("a transaction takes effect as a whole") {
  NEED_REDIS();
  connected_redis redis;
  auto done = transaction(*redis, {command{"SET", "a", 1}, command{"INCR", "a"},
                                   command{"GET", "a"}});
  CHECK(texts_of(done) == texts{"OK", "2", "\"2\""});
  CHECK_FALSE(done->partial);
  CHECK((*redis).state() == trace::clean);
  auto partly
    = transaction(*redis, {command{"SET", "a", "x"}, command{"INCR", "a"},
                           command{"GET", "a"}});
  CHECK(texts_of(partly) == texts{"OK", "execute_failed (ERR)", "\"x\""});
  CHECK(partly->partial);
  CHECK((*redis).state() == trace::clean);
}

TEST_CASE("a transaction that is refused tells the first refusal") {
  NEED_REDIS();
  connected_redis redis;
  auto done = transaction(
    *redis, {command{"SET", "a", 1}, command{"GET"}, command{"NOSUCHCOMMAND"}});
  CHECK(outcome_of(done) == "execute_failed (ERR)");
  CHECK_THAT(done.error().message, ContainsSubstring("get"));
  CHECK(text_of(*redis, command{"EXISTS", "a"}) == "0");
  CHECK((*redis).transaction() == transaction_status::none);
  // A refusal of another class keeps its class.
  redis.server.query(
    {"ACL", "SETUSER", "reader", "on", ">pw", "~*", "+@all", "-set"});
  auto config = redis_config(redis.server);
  config.options["user"] = "reader";
  config.password = secret{"pw"};
  auto conn = open_redis(config);
  auto forbidden
    = transaction(*conn, {command{"INCR", "a"}, command{"SET", "a", 1}});
  CHECK(outcome_of(forbidden) == "forbidden (NOPERM)");
  CHECK(text_of(*conn, command{"EXISTS", "a"}) == "0");
  CHECK(conn->state() == trace::clean);
  redis.server.query({"ACL", "DELUSER", "reader"});
}

TEST_CASE("commands that ran without their transaction are no mere refusal") {
  NEED_REDIS();
  connected_redis redis;
  redis.server.query(
    {"ACL", "SETUSER", "single", "on", ">pw", "~*", "+@all", "-multi"});
  auto config = redis_config(redis.server);
  config.options["user"] = "single";
  config.password = secret{"pw"};
  auto conn = open_redis(config);
  // Without MULTI the server carries out the commands behind it one by one.
  auto done = transaction(*conn, {command{"SET", "a", 1}});
  CHECK(outcome_of(done) == "outcome_unknown (NOPERM)");
  CHECK_THAT(done.error().message, ContainsSubstring("MULTI"));
  CHECK(redis.server.query({"GET", "a"}) == "1");
  // What had no effect is what the server says of it.
  CHECK(outcome_of(transaction(*conn, {command{"GET", "a"}}))
        == "forbidden (NOPERM)");
  CHECK(outcome_of(transaction(*conn, {command{"LPUSH", "a", 1}}))
        == "forbidden (NOPERM)");
  redis.server.query({"ACL", "DELUSER", "single"});
}

TEST_CASE("a transaction fails when a watched key has changed") {
  NEED_REDIS();
  connected_redis redis;
  CHECK(text_of(*redis, command{"WATCH", "a"}) == "OK");
  CHECK((*redis).state() == trace::dirty);
  redis.server.query({"SET", "a", "theirs"});
  CHECK(outcome_of(transaction(*redis, {command{"SET", "a", "mine"}}))
        == "execute_failed (CONFLICT)");
  CHECK(redis.server.query({"GET", "a"}) == "theirs");
  CHECK((*redis).state() == trace::clean);
  CHECK(texts_of(transaction(*redis, {command{"SET", "a", "mine"}}))
        == texts{"OK"});
}

TEST_CASE("a transaction by hand is a transaction, too") {
  NEED_REDIS();
  connected_redis redis;
  CHECK(text_of(*redis, command{"MULTI"}) == "OK");
  CHECK((*redis).transaction() == transaction_status::open);
  CHECK(text_of(*redis, command{"SET", "a", 1}) == "QUEUED");
  CHECK(outcome_of(transaction(*redis, {command{"SET", "b", 1}}))
        == "invalid_argument");
  CHECK(text_of(*redis, command{"EXEC"}) == "[OK]");
  CHECK((*redis).transaction() == transaction_status::none);
  CHECK((*redis).state() == trace::clean);
}

TEST_CASE("work that is none for Redis is refused before it is sent") {
  NEED_REDIS();
  connected_redis redis;
  auto outcome_of_work
    = [&](work x) { return outcome_of((*redis).run(std::move(x), soon())); };
  CHECK(outcome_of_work("SELECT 1") == "not_supported");
  CHECK(outcome_of_work(opaque{"other", "x"}) == "not_supported");
  CHECK(outcome_of((*redis).execute("SELECT 1", soon())) == "not_supported");
  CHECK(outcome_of_work(redis_commands{}) == "invalid_argument");
  CHECK(outcome_of(transaction(*redis, {})) == "invalid_argument");
  CHECK(outcome_of_work(redis_command{}) == "invalid_argument");
  CHECK(outcome_of_work(redis_command{""}) == "invalid_argument");
  for (auto& x :
       {command{"SUBSCRIBE", "a"}, command{"MONITOR"}, command{"BLPOP", "a", 0},
        command{"QUIT"}, command{"CLIENT", "REPLY", "OFF"}})
    CHECK(outcome_of_work(x) == "not_supported");
  for (auto& x : {command{"SELECT", 1}, command{"HELLO", 2}, command{"RESET"},
                  command{"AUTH", "x"}, command{"blpop", "a", 0}}) {
    CHECK(outcome_of(pipeline(*redis, {command{"SET", "a", 1}, x}))
          == "invalid_argument");
    CHECK(outcome_of(transaction(*redis, {command{"SET", "a", 1}, x}))
          == "invalid_argument");
  }
  CHECK(outcome_of(transaction(*redis, {command{"EXEC"}}))
        == "invalid_argument");
  CHECK(text_of(*redis, command{"EXISTS", "a"}) == "0");
  CHECK((*redis).state() == trace::clean);
}

TEST_CASE("a lease for reading sends no writes") {
  NEED_REDIS();
  connected_redis redis;
  REQUIRE((*redis).restrict_to_reads(soon()));
  CHECK((*redis).state() == trace::dirty);
  for (auto& x : {command{"SET", "a", 1}, command{"EVAL", "return 1", 0},
                  command{"NOSUCHCOMMAND"}, command{"PUBLISH", "a", "b"},
                  command{"GETDEL", "a"}})
    CHECK(text_of(*redis, x) == "forbidden (READONLY)");
  CHECK(
    outcome_of(pipeline(*redis, {command{"GET", "a"}, command{"SET", "a", 1}}))
    == "forbidden (READONLY)");
  CHECK(text_of(*redis, command{"GET", "a"}) == "(nil)");
  CHECK(texts_of(transaction(*redis, {command{"GET", "a"}})) == texts{"(nil)"});
  CHECK((*redis).reset(reset_policy::automatic, soon()));
  CHECK((*redis).state() == trace::clean);
  CHECK(text_of(*redis, command{"SET", "a", 1}) == "OK");
}

TEST_CASE("nothing is sent when the deadline has passed") {
  NEED_REDIS();
  connected_redis redis;
  auto past = clock::now() - 1ms;
  CHECK(outcome_of(reply_of(*redis, command{"INCR", "a"}, past))
        == "execute_timeout");
  CHECK(outcome_of(
          pipeline(*redis, {command{"INCR", "a"}, command{"INCR", "a"}}, past))
        == "execute_timeout");
  CHECK(outcome_of(transaction(*redis, {command{"INCR", "a"}}, past))
        == "execute_timeout");
  CHECK(outcome_of((*redis).probe(past)) == "execute_timeout");
  CHECK(outcome_of((*redis).restrict_to_reads(past)) == "execute_timeout");
  CHECK((*redis).state() == trace::clean);
  CHECK(text_of(*redis, command{"GET", "a"}) == "(nil)");
}

TEST_CASE("a server without HELLO is logged in to all the same") {
  NEED_REDIS();
  private_redis_options options;
  options.settings = {"rename-command HELLO \"\"", "rename-command RESET \"\""};
  private_redis server{options};
  auto config = redis_config(server);
  config.options["database"] = "3";
  auto conn = open_redis(config);
  CHECK(conn->greeting().id == 0);
  CHECK_THAT(session_of(*conn), ContainsSubstring("db=3"));
  CHECK_THAT(session_of(*conn), ContainsSubstring("name=caf_pool/main"));
  CHECK(conn->probe(soon()));
  CHECK(conn->state() == trace::clean);
  CHECK(text_of(*conn, command{"SELECT", 5}) == "OK");
  CHECK(conn->reset(reset_policy::automatic, soon()));
  CHECK_THAT(session_of(*conn), ContainsSubstring("db=3"));
}
