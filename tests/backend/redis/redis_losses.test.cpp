#include "caf_pool/core/random.hpp"

#include "redis_fixture.hpp"
#include "support/chaos_proxy.hpp"
#include "support/rounds.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

using namespace std::chrono_literals;

using command = redis_command;

/// Each value carries the name of its key.
std::string value_of(std::string_view key) {
  return "value of " + std::string{key} + std::string(300, '.');
}

std::string key_of(std::uint64_t number) {
  return "key:" + std::to_string(number);
}

constexpr std::uint64_t many_keys = 200;

void fill(const private_redis& server) {
  auto conn = open_redis(redis_config(server));
  std::vector<command> all;
  for (std::uint64_t i = 0; i < many_keys; ++i)
    all.emplace_back("SET", key_of(i), value_of(key_of(i)));
  pipeline(*conn, std::move(all)).value();
}

std::vector<command> random_reads(random_source& dice) {
  std::vector<command> result;
  for (auto n = 1 + dice.below(40); n > 0; --n)
    result.emplace_back("GET", key_of(dice.below(many_keys)));
  return result;
}

/// Counts the replies that belong to other commands.
std::size_t strangers(const std::vector<command>& asked,
                      const result<redis_replies>& got) {
  if (!got)
    return 0;
  std::size_t result = 0;
  for (std::size_t i = 0; i < asked.size(); ++i)
    if (auto& reply = got->items.at(i))
      result += reply->text() != value_of(asked[i].at(1)) ? 1 : 0;
  return result;
}

/// Commands that count, between those that read.
std::vector<command> counting_commands() {
  std::vector<command> result;
  for (int i = 0; i < 5; ++i) {
    result.emplace_back("INCR", "count");
    result.emplace_back("GET", "key:1");
  }
  return result;
}

/// How many of `counting_commands` counted, by the replies.
struct counted {
  std::int64_t certain = 0;
  std::int64_t possible = 0;
};

counted judge(const std::vector<command>& asked, const redis_replies& got) {
  counted result;
  auto lost = false;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    auto& reply = got.items.at(i);
    auto writes = asked[i].name() == "INCR";
    // What follows a lost reply is lost, too.
    CHECK((!lost || !reply));
    lost = lost || !reply;
    if (reply && writes)
      ++result.certain;
    else if (!reply && writes && reply.error().code == errc::outcome_unknown)
      ++result.possible;
    else if (!reply)
      CHECK(reply.error().code == errc::connection_lost);
    else
      CHECK(reply->text() == value_of("key:1"));
  }
  result.possible += result.certain;
  return result;
}

std::int64_t count_in(const private_redis& server) {
  auto text = server.query({"GET", "count"});
  return text == "(nil)" ? 0 : std::stoll(text);
}

} // namespace

TEST_CASE("a frozen server costs the connection, and leaves writes open") {
  NEED_REDIS();
  private_redis server;
  auto conns = std::vector<std::unique_ptr<redis_connection>>{};
  for (int i = 0; i < 6; ++i)
    conns.push_back(open_redis(redis_config(server)));
  auto in_a_moment = [] { return clock::now() + 50ms; };
  {
    frozen scope{server};
    CHECK(outcome_of(reply_of(*conns[0], command{"GET", "a"}, in_a_moment()))
          == "execute_timeout");
    CHECK(outcome_of(reply_of(*conns[1], command{"INCR", "a"}, in_a_moment()))
          == "outcome_unknown");
    CHECK(outcome_of(reply_of(*conns[2], command{"INCR", "a"}.idempotent(),
                              in_a_moment()))
          == "execute_timeout");
    CHECK(
      outcome_of(transaction(*conns[3], {command{"GET", "a"}}, in_a_moment()))
      == "execute_timeout");
    CHECK(
      outcome_of(transaction(*conns[4], {command{"INCR", "a"}}, in_a_moment()))
      == "outcome_unknown");
    CHECK(outcome_of(conns[5]->probe(in_a_moment())) == "execute_timeout");
  }
  for (auto& conn : conns) {
    CHECK(conn->state() == trace::broken);
    CHECK(text_of(*conn, command{"GET", "a"}) == "connection_lost");
    CHECK(outcome_of(conn->reset(reset_policy::full, soon()))
          == "connection_lost");
  }
  // The server did what had been sent: a deadline takes nothing back.
  CHECK(eventually([&] { return server.query({"GET", "a"}) == "3"; }));
}

TEST_CASE("a reset that finds a frozen server is no open outcome") {
  NEED_REDIS();
  private_redis server;
  auto conn = open_redis(redis_config(server));
  CHECK(text_of(*conn, command{"SELECT", 3}) == "OK");
  frozen scope{server};
  CHECK(outcome_of(conn->reset(reset_policy::automatic, clock::now() + 50ms))
        == "execute_timeout");
  CHECK(conn->state() == trace::broken);
}

TEST_CASE("a connection killed in a pipeline keeps what was answered") {
  NEED_REDIS();
  private_redis server;
  auto conn = open_redis(redis_config(server));
  auto got = pipeline(
    *conn,
    {command{"SET", "a", 1}, command{"GET", "a"},
     command{"CLIENT", "KILL", "ID", conn->greeting().id, "SKIPME", "no"},
     command{"INCR", "a"}, command{"GET", "a"},
     command{"INCR", "a"}.idempotent(), command{"NOSUCHCOMMAND"}});
  REQUIRE(got);
  REQUIRE(got->items.size() == 7);
  CHECK(to_string(got->items[0].value()) == "OK");
  CHECK(to_string(got->items[1].value()) == "\"1\"");
  CHECK(to_string(got->items[2].value()) == "1");
  CHECK(outcome_of(got->items[3]) == "outcome_unknown");
  CHECK(outcome_of(got->items[4]) == "connection_lost");
  CHECK(outcome_of(got->items[5]) == "connection_lost");
  CHECK(outcome_of(got->items[6]) == "outcome_unknown");
  CHECK(conn->state() == trace::broken);
}

TEST_CASE("a pipeline that is cut anywhere tells what counted") {
  NEED_REDIS();
  private_redis server;
  fill(server);
  auto direction = GENERATE(chaos_proxy::direction::to_client,
                            chaos_proxy::direction::to_server);
  auto asked = counting_commands();
  auto step = rounds(1'000) == 1'000 ? 7 : 101;
  for (std::size_t at = 0; at < 2'200; at += static_cast<std::size_t>(step)) {
    chaos_proxy net{server.port()};
    auto conn = open_redis(redis_config(net.port()));
    auto before = count_in(server);
    net.cut_after(direction, at);
    auto got = pipeline(*conn, asked);
    REQUIRE(got);
    INFO("cut after " << at << " bytes");
    auto told = judge(asked, *got);
    net.cut();
    // What the server has received it carries out, though nobody listens.
    auto grown = [&] { return count_in(server) - before; };
    CHECK(grown() >= told.certain);
    CHECK(grown() <= told.possible);
  }
}

TEST_CASE("a server killed in a pipeline takes none of the answers back") {
  NEED_REDIS();
  private_redis server;
  for (auto i = rounds(20); i > 0; --i) {
    fill(server);
    auto asked = std::vector<command>{};
    for (int n = 0; n < 2'000; ++n)
      for (auto& x : counting_commands())
        asked.push_back(x);
    auto conn = open_redis(redis_config(server));
    auto got
      = std::async(std::launch::async, [&] { return pipeline(*conn, asked); });
    eventually([&] { return count_in(server) > 0; });
    server.kill9();
    auto replies = got.get();
    REQUIRE(replies);
    judge(asked, *replies);
    server.start();
  }
}

TEST_CASE("replies beyond the limit cost the connection") {
  NEED_REDIS();
  private_redis server;
  fill(server);
  auto config = redis_config(server);
  config.max_result_bytes = 1'000;
  server.query({"SET", "large", std::string(100'000, 'x')});
  auto conn = open_redis(config);
  CHECK(text_of(*conn, command{"GET", "large"}) == "result_too_large");
  CHECK(conn->state() == trace::broken);
  conn = open_redis(config);
  CHECK(text_of(*conn, command{"GETDEL", "large"}) == "outcome_unknown");
  CHECK(conn->state() == trace::broken);
  conn = open_redis(config);
  server.query({"SET", "large", std::string(100'000, 'x')});
  auto got = pipeline(*conn, {command{"GET", "key:1"}, command{"GET", "large"},
                              command{"INCR", "n"}});
  REQUIRE(got);
  CHECK(outcome_of(got->items[1]) == "result_too_large");
  CHECK(outcome_of(got->items[2]) == "outcome_unknown");
}

TEST_CASE("no reply reaches another command, wherever a deadline falls") {
  NEED_REDIS();
  private_redis server;
  fill(server);
  chaos_proxy net{server.port()};
  auto config = redis_config(net.port());
  auto dice = random_source{7};
  std::unique_ptr<redis_connection> conn;
  std::size_t strange = 0;
  std::size_t late = 0;
  for (auto i = rounds(4'000); i > 0; --i) {
    if (!conn || conn->state() == trace::broken)
      conn = open_redis(config);
    if (i % 16 == 0)
      net.delay(std::chrono::microseconds{dice.below(1'500)});
    if (i % 64 == 0)
      net.throttle(dice.below(2) * 2'000'000);
    auto asked = random_reads(dice);
    auto deadline = clock::now() + std::chrono::microseconds{dice.below(5'000)};
    auto got = dice.below(4) == 0 ? transaction(*conn, asked, deadline)
                                  : pipeline(*conn, asked, deadline);
    strange += strangers(asked, got);
    late += conn->state() == trace::broken ? 1 : 0;
  }
  CHECK(strange == 0);
  // Some must be late for the test to be one, and not all.
  CHECK(late > 0);
  CHECK(late < rounds(4'000));
}

TEST_CASE("abort frees a thread that waits for a frozen server") {
  NEED_REDIS();
  private_redis server;
  for (auto* name : {"GET", "INCR"}) {
    auto conn = open_redis(redis_config(server));
    frozen scope{server};
    auto done = std::async(std::launch::async, [&] {
      return outcome_of(reply_of(*conn, command{name, "a"}));
    });
    // Whether it waits already is hard to know from outside.
    CHECK(eventually([&] {
      conn->abort();
      return done.wait_for(1ms) == std::future_status::ready;
    }));
    auto told = done.get();
    CHECK((told == "connection_lost" || told == "outcome_unknown"));
    CHECK((told == "connection_lost" || std::string_view{name} == "INCR"));
    CHECK(conn->state() == trace::broken);
  }
}

TEST_CASE("an abort at any moment gives no reply to another command") {
  NEED_REDIS();
  private_redis server;
  fill(server);
  auto dice = random_source{11};
  std::size_t strange = 0;
  for (auto i = rounds(500); i > 0; --i) {
    auto conn = open_redis(redis_config(server));
    std::atomic<std::uint64_t> round = 0;
    auto last = dice.below(20);
    std::thread nuisance{[&] {
      eventually([&] { return round >= last; });
      conn->abort();
    }};
    for (; conn->state() != trace::broken; ++round) {
      auto asked = random_reads(dice);
      strange += strangers(asked, pipeline(*conn, asked));
    }
    nuisance.join();
  }
  CHECK(strange == 0);
}
