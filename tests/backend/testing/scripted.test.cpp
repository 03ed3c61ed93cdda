#include "caf_pool/backend/testing/scripted.hpp"

#include "support/catch_compat.hpp"
#include "support/conformance.hpp"
#include "support/outcome.hpp"

#include <future>
#include <thread>

using namespace caf_pool;
using caf_pool::test::code_of;
using namespace std::chrono_literals;

namespace {

time_point soon() {
  return clock::now() + 60s;
}

sql_result one() {
  return {{"one"}, {std::int64_t{1}}, 0, 0, {}};
}

scripted_answer failing(errc code) {
  scripted_answer what;
  what.failure = {code, "as the test wants", {}};
  return what;
}

scripted_answer held() {
  scripted_answer what;
  what.held = true;
  return what;
}

connection_ptr open(scripted_backend& server) {
  auto conn = server.open(soon());
  REQUIRE(conn);
  return *std::move(conn);
}

} // namespace

TEST_CASE("a scripted backend without a script conforms", "[scripted]") {
  test::backend_under_test what;
  what.make = [] {
    auto server = std::make_shared<scripted_backend>();
    server->answer(backend_call::execute, [](const scripted_record& call) {
      if (call.text == "slow")
        return held();
      if (call.text == "bad")
        return failing(errc::execute_failed);
      scripted_answer fine;
      fine.rows = one();
      return fine;
    });
    return server;
  };
  what.make_unreachable = [] {
    auto server = std::make_shared<scripted_backend>();
    server->answer(backend_call::open, failing(errc::open_refused));
    return server;
  };
  what.get_one = "one";
  what.slow = "slow";
  what.bad = "bad";
  test::run_conformance(what);
}

// -- scripts -----------------------------------------------------------------

TEST_CASE("a script that is followed leaves nothing to complain",
          "[scripted]") {
  scripted_answer rows;
  rows.rows = one();
  scripted_backend server{{{backend_call::open, {}, {}},
                           {backend_call::execute, "SELECT 1", rows},
                           {backend_call::reset, "full", {}},
                           {backend_call::close, {}, {}}}};
  CHECK_THAT(server.verdict(), ContainsSubstring("never came: open"));
  auto conn = open(server);
  CHECK(conn->execute("SELECT 1", soon()).value() == one());
  CHECK(conn->reset(reset_policy::full, soon()));
  CHECK_THAT(server.verdict(), ContainsSubstring("never came: close"));
  conn->close(soon());
  CHECK(server.verdict() == "");
  CHECK(server.calls().size() == 4);
}

TEST_CASE("a call that is not in the script fails and is told", "[scripted]") {
  scripted_backend server{
    {{backend_call::open, {}, {}}, {backend_call::execute, "SELECT 1", {}}}};
  auto conn = open(server);
  CHECK(code_of(conn->execute("SELECT 2", soon())) == errc::internal);
  CHECK_THAT(server.verdict(),
             ContainsSubstring("call 2 should have been execute \"SELECT 1\", "
                               "but was execute \"SELECT 2\" on connection 1"));
  // The script goes on where it was.
  CHECK(conn->execute("SELECT 1", soon()));
  CHECK_FALSE(conn->probe(soon()));
  CHECK_THAT(server.verdict(), ContainsSubstring("after the end of the script: "
                                                 "probe on connection 1"));
}

TEST_CASE("a script may leave out a kind of call", "[scripted]") {
  scripted_backend server{{{backend_call::open, {}, {}}}};
  server.answer(backend_call::probe, scripted_answer{});
  auto conn = open(server);
  CHECK(conn->probe(soon()));
  CHECK(conn->probe(soon()));
  CHECK(server.verdict() == "");
  CHECK(server.count(backend_call::probe) == 2);
}

// -- answers -----------------------------------------------------------------

TEST_CASE("answers for the next calls go before the standing one",
          "[scripted]") {
  scripted_backend server;
  server.answer(backend_call::execute, failing(errc::execute_failed));
  server.answer_next(backend_call::execute, {});
  server.answer_next(backend_call::execute, failing(errc::cancelled));
  auto conn = open(server);
  CHECK(code_of(conn->execute("x", soon())) == errc::none);
  CHECK(code_of(conn->execute("x", soon())) == errc::cancelled);
  CHECK(code_of(conn->execute("x", soon())) == errc::execute_failed);
}

TEST_CASE("a failed open counts no connection", "[scripted]") {
  scripted_backend server;
  server.answer_next(backend_call::open, failing(errc::open_failed));
  CHECK_FALSE(server.open(soon()));
  CHECK(server.connections() == 0);
  auto first = open(server);
  auto second = open(server);
  CHECK(server.connections() == 2);
  first->close(soon());
  CHECK(server.connections() == 1);
  first = nullptr;
  second = nullptr;
  CHECK(server.connections() == 0);
  CHECK(server.most_connections() == 2);
  CHECK(server.count(backend_call::open) == 3);
  CHECK(server.verdict() == "");
}

TEST_CASE("answers make a connection dirty or break it", "[scripted]") {
  scripted_backend server;
  scripted_answer dirty;
  dirty.dirties = true;
  server.answer_next(backend_call::execute, dirty);
  server.answer_next(backend_call::execute, failing(errc::execute_failed));
  server.answer_next(backend_call::execute, failing(errc::connection_lost));
  auto conn = open(server);
  CHECK(conn->execute("x", soon()));
  CHECK(conn->state() == trace::dirty);
  CHECK(conn->reset(reset_policy::automatic, soon()));
  CHECK(conn->state() == trace::clean);
  CHECK_FALSE(conn->execute("x", soon()));
  CHECK(conn->state() == trace::clean);
  CHECK_FALSE(conn->execute("x", soon()));
  CHECK(conn->state() == trace::broken);
}

TEST_CASE("the record has statement, parameters, deadline and connection",
          "[scripted]") {
  scripted_backend server;
  auto conn = open(server);
  auto deadline = soon();
  sql_statement stmt{"SELECT ?1", {7}};
  CHECK(conn->execute(stmt, deadline));
  auto call = server.calls().back();
  CHECK(call.kind == backend_call::execute);
  CHECK(call.text == "SELECT ?1");
  CHECK(call.parameters == stmt.parameters);
  CHECK(call.deadline == deadline);
  CHECK(call.connection == 1);
  CHECK(static_cast<scripted_handle*>(conn->native_handle())->connection == 1);
}

// -- gates -------------------------------------------------------------------

TEST_CASE("a held open waits until the test lets it pass", "[scripted]") {
  scripted_backend server;
  server.hold(backend_call::open);
  auto first
    = std::async(std::launch::async, [&] { return server.open(soon()); });
  REQUIRE(server.wait_for_held(backend_call::open));
  auto second
    = std::async(std::launch::async, [&] { return server.open(soon()); });
  REQUIRE(server.wait_for_held(backend_call::open, 2));
  CHECK(server.connections() == 0);
  server.let_pass(backend_call::open);
  CHECK(first.get());
  CHECK(server.held(backend_call::open) == 1);
  server.stop_holding(backend_call::open);
  CHECK(second.get());
  CHECK(server.open(soon()));
}

TEST_CASE("a call may be let pass before it comes", "[scripted]") {
  scripted_backend server;
  server.answer(backend_call::open, held());
  server.let_pass(backend_call::open, 2);
  CHECK(server.open(soon()));
  CHECK(server.open(soon()));
  CHECK_FALSE(server.open(clock::now() + 5ms));
}

TEST_CASE("a held call that ended takes no place at the gate", "[scripted]") {
  scripted_backend server;
  server.hold(backend_call::open);
  auto late = server.open(clock::now() + 5ms);
  REQUIRE_FALSE(late);
  CHECK(late.error().code == errc::open_timeout);
  auto next
    = std::async(std::launch::async, [&] { return server.open(soon()); });
  REQUIRE(server.wait_for_held(backend_call::open));
  server.let_pass(backend_call::open);
  CHECK(next.get());
}

TEST_CASE("a deaf call ends by abort only", "[scripted]") {
  scripted_backend server;
  auto conn = open(server);
  auto frozen = held();
  frozen.deaf = true;
  server.answer(backend_call::execute, frozen);
  auto call = std::async(
    std::launch::async, [&] { return conn->execute("x", clock::now() + 1ms); });
  REQUIRE(server.wait_for_held(backend_call::execute));
  conn->cancel();
  CHECK(call.wait_for(20ms) == std::future_status::timeout);
  conn->abort();
  CHECK(code_of(call.get()) == errc::connection_lost);
  CHECK(conn->state() == trace::broken);
}

TEST_CASE("a cancel may be in vain", "[scripted]") {
  scripted_backend server;
  auto conn = open(server);
  server.hold(backend_call::execute);
  server.answer(backend_call::cancel, failing(errc::internal));
  auto call = std::async(std::launch::async,
                         [&] { return conn->execute("x", soon()); });
  REQUIRE(server.wait_for_held(backend_call::execute));
  conn->cancel();
  CHECK(server.held(backend_call::execute) == 1);
  server.answer(backend_call::cancel, scripted_answer{});
  conn->cancel();
  CHECK(code_of(call.get()) == errc::cancelled);
}

TEST_CASE("a test can wait for calls without sleeping", "[scripted]") {
  scripted_backend server;
  std::thread caller{[&] {
    auto conn = server.open(soon());
    if (conn)
      static_cast<void>((*conn)->probe(soon()));
  }};
  CHECK(server.wait_for_calls(backend_call::probe, 1));
  caller.join();
  CHECK_FALSE(server.wait_for_calls(backend_call::probe, 2, 1ms));
}

// -- misuse ------------------------------------------------------------------

TEST_CASE("two threads on one connection are told", "[scripted]") {
  scripted_backend server;
  auto conn = open(server);
  server.hold(backend_call::execute);
  auto call = std::async(std::launch::async,
                         [&] { return conn->execute("x", soon()); });
  REQUIRE(server.wait_for_held(backend_call::execute));
  CHECK(server.verdict() == "");
  CHECK(conn->probe(soon()));
  CHECK_THAT(server.verdict(),
             ContainsSubstring("probe on connection 1 came from a second "
                               "thread"));
  server.stop_holding(backend_call::execute);
  CHECK(call.get());
}

TEST_CASE("a use after close is told", "[scripted]") {
  scripted_backend server;
  auto conn = open(server);
  conn->close(soon());
  CHECK_FALSE(conn->probe(soon()));
  CHECK_THAT(server.verdict(),
             ContainsSubstring("probe on connection 1 came after its close"));
}
