#include "caf_pool/core/random.hpp"

#include "redis_fixture.hpp"
#include "support/chaos_proxy.hpp"
#include "support/rounds.hpp"

#include <chrono>
#include <deque>
#include <future>
#include <string>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

using namespace std::chrono_literals;

using command = redis_command;
using commands = std::vector<command>;

time_point in_a_moment() {
  return clock::now() + 20ms;
}

/// Receives one reply, which must come.
std::string next_of(redis_connection& conn) {
  auto reply = conn.receive(soon());
  if (!reply)
    return "late";
  return *reply ? to_string(**reply) : outcome_of(*reply);
}

std::size_t post(redis_connection& conn, const commands& xs) {
  return conn.post(xs, soon()).value();
}

} // namespace

TEST_CASE("what is posted is answered in its order") {
  NEED_REDIS();
  private_redis server;
  auto conn = open_redis(redis_config(server));
  CHECK(post(*conn, {command{"SET", "a", 1}, command{"LPUSH", "a", 1}}) == 2);
  CHECK(post(*conn, {command{"INCR", "a"}}) == 1);
  CHECK(conn->due() == 3);
  CHECK(next_of(*conn) == "OK");
  CHECK(next_of(*conn) == "execute_failed (WRONGTYPE)");
  CHECK(post(*conn, {command{"GET", "a"}}) == 1);
  CHECK(next_of(*conn) == "2");
  CHECK(next_of(*conn) == "\"2\"");
  CHECK(conn->due() == 0);
  CHECK(conn->state() == trace::clean);
  CHECK(next_of(*conn) == "invalid_argument");
  CHECK(text_of(*conn, command{"GET", "a"}) == "\"2\"");
}

TEST_CASE("who waits in vain for a reply leaves it to the next one") {
  NEED_REDIS();
  private_redis server;
  auto conn = open_redis(redis_config(server));
  {
    frozen scope{server};
    CHECK(post(*conn, {command{"ECHO", "a"}, command{"ECHO", "b"}}) == 2);
    CHECK_FALSE(conn->receive(in_a_moment()));
    CHECK_FALSE(conn->receive(time_point::min()));
    CHECK(conn->due() == 2);
  }
  CHECK(next_of(*conn) == "\"a\"");
  CHECK(next_of(*conn) == "\"b\"");
  CHECK(conn->state() == trace::clean);
}

TEST_CASE("replies that are due are nobody else's") {
  NEED_REDIS();
  private_redis server;
  auto conn = open_redis(redis_config(server));
  CHECK(post(*conn, {command{"ECHO", "a"}}) == 1);
  CHECK(conn->state() == trace::dirty);
  CHECK(text_of(*conn, command{"ECHO", "b"}) == "invalid_argument");
  CHECK(outcome_of(conn->probe(soon())) == "invalid_argument");
  CHECK(outcome_of(conn->restrict_to_reads(soon())) == "invalid_argument");
  SECTION("a reset closes the connection") {
    auto policy = GENERATE(reset_policy::none, reset_policy::automatic);
    CHECK(outcome_of(conn->reset(policy, soon())) == "connection_lost");
    CHECK(conn->state() == trace::broken);
  }
  SECTION("received, they are gone") {
    CHECK(next_of(*conn) == "\"a\"");
    CHECK(text_of(*conn, command{"ECHO", "b"}) == "\"b\"");
  }
}

TEST_CASE("what a pipeline does not take cannot be posted") {
  NEED_REDIS();
  private_redis server;
  auto conn = open_redis(redis_config(server));
  for (auto& x : {command{"SELECT", 1}, command{"BLPOP", "a", 0},
                  command{"SUBSCRIBE", "a"}, command{}}) {
    auto both = commands{command{"INCR", "a"}, x};
    CHECK(outcome_of(conn->post(both, soon())) == "invalid_argument");
  }
  auto one = commands{command{"INCR", "a"}};
  CHECK(outcome_of(conn->post(one, clock::now() - 1ms)) == "execute_timeout");
  CHECK(conn->due() == 0);
  CHECK(text_of(*conn, command{"EXISTS", "a"}) == "0");
  REQUIRE(conn->restrict_to_reads(soon()));
  CHECK(outcome_of(conn->post(one, soon())) == "forbidden (READONLY)");
}

TEST_CASE("what is posted may leave traces, which are removed") {
  NEED_REDIS();
  private_redis server;
  auto conn = open_redis(redis_config(server));
  CHECK(post(*conn, {command{"WATCH", "a"}, command{"MULTI"},
                     command{"CLIENT", "SETNAME", "x"}, command{"EXEC"},
                     command{"READONLY"}})
        == 5);
  for (auto* told : {"OK", "OK", "QUEUED", "[OK]"})
    CHECK(next_of(*conn) == told);
  next_of(*conn);
  CHECK(conn->state() == trace::dirty);
  CHECK(conn->transaction() == transaction_status::none);
  CHECK(conn->reset(reset_policy::automatic, soon()));
  CHECK(conn->state() == trace::clean);
  CHECK_THAT(session_of(*conn), ContainsSubstring("name=caf_pool/main"));
}

TEST_CASE("no more is under way than the window allows") {
  NEED_REDIS();
  private_redis server;
  auto config = redis_config(server);
  config.options["pipeline_max_commands"] = "10";
  auto conn = open_redis(config);
  auto many = commands{};
  for (int i = 0; i < 25; ++i)
    many.emplace_back("ECHO", i);
  auto rest = std::span<const command>{many};
  CHECK(conn->post(rest, soon()).value() == 10);
  CHECK(conn->post(rest.subspan(10), soon()).value() == 0);
  CHECK(next_of(*conn) == "\"0\"");
  CHECK(conn->post(rest.subspan(10), soon()).value() >= 1);
}

TEST_CASE("neither side waits for the other while much is posted") {
  NEED_REDIS();
  private_redis server;
  auto conn = open_redis(redis_config(server));
  auto value = std::string(50'000, 'v');
  auto asked = std::size_t{0};
  auto answered = std::size_t{0};
  while (answered < 1000) {
    auto one = command{"ECHO", value + std::to_string(asked)};
    if (asked < 1000 && conn->post({&one, 1}, soon()).value() == 1) {
      ++asked;
      continue;
    }
    auto reply = conn->receive(soon());
    REQUIRE(reply);
    REQUIRE(*reply);
    REQUIRE((*reply)->text() == value + std::to_string(answered++));
  }
}

TEST_CASE("a request that is cut off by a deadline goes on later") {
  NEED_REDIS();
  private_redis server;
  auto conn = open_redis(redis_config(server));
  auto large = std::string(20'000'000, 'x');
  {
    frozen scope{server};
    CHECK(post(*conn, {command{"SET", "a", large}}) == 1);
    CHECK_FALSE(conn->receive(in_a_moment()));
    // Nothing overtakes the rest of it.
    CHECK(post(*conn, {command{"GET", "b"}}) == 0);
  }
  CHECK(next_of(*conn) == "OK");
  CHECK(post(*conn, {command{"STRLEN", "a"}}) == 1);
  CHECK(next_of(*conn) == "20000000");
}

TEST_CASE("each command of a connection that broke has an error") {
  NEED_REDIS();
  private_redis server;
  auto conn = open_redis(redis_config(server));
  auto frozen_server = std::make_unique<frozen<private_redis>>(server);
  CHECK(post(*conn, {command{"GET", "a"}, command{"INCR", "a"},
                     command{"INCR", "a"}.idempotent(), command{"NOSUCH"}})
        == 4);
  conn->abort();
  CHECK(conn->at_hand() <= 4);
  CHECK(next_of(*conn) == "connection_lost");
  CHECK(next_of(*conn) == "outcome_unknown");
  CHECK(next_of(*conn) == "connection_lost");
  CHECK(conn->at_hand() == 1);
  CHECK(next_of(*conn) == "outcome_unknown");
  CHECK(conn->state() == trace::broken);
  auto one = commands{command{"GET", "a"}};
  CHECK(outcome_of(conn->post(one, soon())) == "connection_lost");
}

TEST_CASE("nothing is posted to a server that has hung up") {
  NEED_REDIS();
  private_redis server;
  auto conn = open_redis(redis_config(server));
  server.query({"CLIENT", "KILL", "ID", std::to_string(conn->greeting().id)});
  auto one = commands{command{"INCR", "a"}};
  CHECK(outcome_of(conn->post(one, soon())) == "connection_lost");
  CHECK(conn->due() == 0);
  CHECK(server.query({"EXISTS", "a"}) == "0");
}

TEST_CASE("a reply beyond the limit is told to its own command") {
  NEED_REDIS();
  private_redis server;
  server.query({"SET", "large", std::string(100'000, 'x')});
  server.query({"SET", "small", std::string(900, 'x')});
  auto config = redis_config(server);
  config.max_result_bytes = 1'000;
  auto conn = open_redis(config);
  // The limit is one for each reply.
  CHECK(post(*conn, {command{"GET", "small"}, command{"GET", "small"},
                     command{"GET", "large"}, command{"GET", "small"},
                     command{"INCR", "n"}})
        == 5);
  CHECK(next_of(*conn).size() == 902);
  CHECK(next_of(*conn).size() == 902);
  CHECK(next_of(*conn) == "result_too_large");
  CHECK(next_of(*conn) == "connection_lost");
  CHECK(next_of(*conn) == "outcome_unknown");
}

TEST_CASE("no reply is another command's, wherever it is waited for") {
  NEED_REDIS();
  private_redis server;
  chaos_proxy net{server.port()};
  auto dice = random_source{3};
  auto conn = open_redis(redis_config(net.port()));
  std::deque<std::string> asked;
  std::size_t wrong = 0;
  std::size_t late = 0;
  for (auto i = rounds(20'000); i > 0; --i) {
    if (i % 64 == 0)
      net.delay(std::chrono::microseconds{dice.below(500)});
    if (i % 5'000 == 0)
      net.reset();
    if (conn->state() == trace::broken && conn->due() == 0)
      conn = open_redis(redis_config(net.port()));
    auto text = std::to_string(i) + std::string(dice.below(500), '.');
    auto one = command{"ECHO", text};
    if (auto taken = conn->post({&one, 1}, soon()); taken && *taken == 1)
      asked.push_back(text);
    while (conn->due() > dice.below(60)) {
      auto reply = conn->receive(
        clock::now() + std::chrono::microseconds{dice.below(2'000)});
      late += reply ? 0 : 1;
      if (!reply)
        continue;
      wrong += *reply && (*reply)->text() != asked.front() ? 1 : 0;
      asked.pop_front();
    }
  }
  CHECK(wrong == 0);
  CHECK(late > 0);
}
