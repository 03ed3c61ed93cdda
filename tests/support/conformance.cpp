#include "support/conformance.hpp"

#include "support/conformance_bench.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace caf_pool::test {

namespace {

using namespace std::chrono_literals;

// -- open --------------------------------------------------------------------

void check_open(bench& env) {
  SECTION("a new connection is clean, answers a probe and works") {
    auto conn = env.open();
    CHECK(conn->state() == trace::clean);
    env.works(*conn);
    CHECK(conn->state() == trace::clean);
    conn->close(env.soon());
  }
  SECTION("a backend has a kind, a description and room for a connection") {
    CHECK_FALSE(env.server().kind().empty());
    CHECK_FALSE(env.server().describe().empty());
    CHECK(env.server().max_connections() >= 1);
  }
  SECTION("an open whose deadline has passed fails with open_timeout") {
    auto conn = env.server().open(clock::now() - 1s);
    REQUIRE_FALSE(conn);
    CHECK(conn.error().code == errc::open_timeout);
    CHECK_FALSE(conn.error().message.empty());
    env.works(*env.open());
  }
  SECTION("an unreachable server is told as a value, with a cause") {
    if (!env.spec().make_unreachable)
      return;
    auto server = env.spec().make_unreachable();
    REQUIRE(server != nullptr);
    auto began = clock::now();
    auto conn = server->open(began + 2s);
    CHECK(clock::now() - began < 2s + env.spec().tolerance);
    REQUIRE_FALSE(conn);
    auto code = conn.error().code;
    CHECK((code == errc::open_failed || code == errc::open_refused
           || code == errc::open_timeout));
    CHECK_FALSE(conn.error().message.empty());
  }
  SECTION("several connections are independent of each other") {
    std::vector<connection_ptr> conns;
    auto n = std::min(env.server().max_connections(), std::uint32_t{4});
    for (std::uint32_t i = 0; i < n; ++i)
      conns.push_back(env.open());
    conns.front()->abort();
    for (std::size_t i = 1; i < conns.size(); ++i)
      env.works(*conns[i]);
  }
}

// -- execute -----------------------------------------------------------------

void check_values(bench& env) {
  SECTION("values come back as they were bound") {
    if (!env.spec().echo)
      return;
    auto conn = env.open();
    std::string text = "It's \"quoted\", \xC3\xA4\xE2\x82\xAC; -- not SQL";
    auto rows
      = env.ok(*conn, env.spec().echo(-5'000'000'000, 2.5, text, nullptr));
    REQUIRE(rows.size() == 1);
    REQUIRE(rows.columns.size() == 4);
    auto row = rows[0];
    CHECK(row[0].as<std::int64_t>() == -5'000'000'000);
    CHECK(row[1].as<double>() == 2.5);
    CHECK(row[2].as<std::string>() == text);
    CHECK(row[3].is_null());
    env.left_nothing(*conn);
  }
  SECTION("bytes come back as they were bound") {
    if (!env.spec().echo_bytes)
      return;
    auto conn = env.open();
    blob bytes;
    for (int i = 0; i < 256; ++i)
      bytes.push_back(static_cast<std::byte>(i));
    for (const auto& x : {bytes, blob{}}) {
      auto rows = env.ok(*conn, env.spec().echo_bytes(x));
      REQUIRE(rows.size() == 1);
      CHECK(rows[0][0].as<blob>() == x);
    }
  }
  SECTION("written rows are counted and read again") {
    if (!env.has_table())
      return;
    auto conn = env.open_with_table();
    for (std::int64_t i = 1; i <= 3; ++i)
      CHECK(env.ok(*conn, env.spec().insert(i, "x")).affected == 1);
    auto rows = env.ok(*conn, env.spec().select_all);
    CHECK(rows.affected == 0);
    REQUIRE(rows.size() == 3);
    CHECK(rows[2][0].as<std::int64_t>() == 3);
    CHECK(rows[2][1].as<std::string>() == "x");
    env.ok(*conn, env.spec().drop_table);
  }
}

void check_refusals(bench& env) {
  auto refused = [&](const sql_statement& stmt, errc expected) {
    if (!bench::has(stmt))
      return;
    auto conn = env.open();
    for (int i = 0; i < 3; ++i) {
      auto rows = env.run(*conn, stmt);
      REQUIRE_FALSE(rows);
      INFO(to_string(rows.error()));
      CHECK((rows.error().code == expected
             || rows.error().code == errc::execute_failed));
      CHECK_FALSE(rows.error().message.empty());
      env.works(*conn);
    }
    env.left_nothing(*conn);
  };
  SECTION("a connection survives a misspelt statement") {
    refused(env.spec().bad, errc::execute_failed);
  }
  SECTION("two statements in one text are refused") {
    refused(env.spec().two_at_once, errc::invalid_argument);
  }
  SECTION("a statement without its parameters is refused") {
    refused(env.spec().without_parameters, errc::invalid_argument);
  }
  SECTION("a connection survives a result above the limit") {
    refused(env.spec().too_large, errc::result_too_large);
  }
  SECTION("a connection survives the violation of a constraint") {
    if (!env.has_table())
      return;
    auto conn = env.open_with_table();
    env.ok(*conn, env.spec().insert(1, "x"));
    auto again = env.run(*conn, env.spec().insert(1, "y"));
    REQUIRE_FALSE(again);
    CHECK(again.error().code == errc::execute_failed);
    CHECK_FALSE(again.error().state.empty());
    CHECK(env.rows(*conn) == 1);
    env.left_nothing(*conn);
    env.ok(*conn, env.spec().drop_table);
  }
}

// -- deadlines ---------------------------------------------------------------

bool survives_deadlines(bench& env, connection& conn) {
  for (int i = 0; i < 3; ++i) {
    auto began = clock::now();
    auto rows = conn.execute(env.spec().slow, began + 100ms);
    auto took = clock::now() - began;
    REQUIRE_FALSE(rows);
    INFO(to_string(rows.error()));
    CHECK(rows.error().code == errc::execute_timeout);
    CHECK(took >= 95ms);
    CHECK(took < 100ms + env.spec().tolerance);
    if (conn.state() == trace::broken)
      return false;
    env.works(conn);
  }
  env.left_nothing(conn);
  return true;
}

void check_deadline(bench& env) {
  SECTION("a statement ends at its deadline and the connection survives") {
    if (!bench::has(env.spec().slow))
      return;
    // A server that gets no time to stop in is given up, and rightly so: then
    // another connection has to show it.
    CHECK(eventually([&] { return survives_deadlines(env, *env.open()); }));
  }
  SECTION("nothing takes effect when the deadline has passed") {
    if (!env.has_table())
      return;
    auto conn = env.open_with_table();
    auto rows = conn->execute(env.spec().insert(1, "x"), clock::now() - 1s);
    REQUIRE_FALSE(rows);
    CHECK(rows.error().code == errc::execute_timeout);
    CHECK(env.rows(*conn) == 0);
    env.ok(*conn, env.spec().drop_table);
  }
}

} // namespace

void run_conformance(const backend_under_test& what) {
  bench env{what};
  check_open(env);
  check_values(env);
  check_extremes(env);
  check_refusals(env);
  check_deadline(env);
  check_transactions(env);
  check_endings(env);
}

} // namespace caf_pool::test
