#include "caf_pool/backend/postgres/pg_statement_name.hpp"

#include "backend/postgres/postgres_support.hpp"
#include "support/private_pgbouncer.hpp"

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

#define NEED_PGBOUNCER()                                                       \
  if (!private_pgbouncer::available())                                         \
  SKIP("pgbouncer is not installed")

pool_config config_for(const private_pgbouncer& pooler) {
  auto result = shared_config();
  result.options["host"] = "127.0.0.1";
  result.options["port"] = std::to_string(pooler.port());
  result.options["startup_options"] = "false";
  return result;
}

// Asks for unique answers on several connections at a time, and returns how
// many were wrong. Errors are no answers, but count.
struct tally {
  int wrong = 0;
  int errors = 0;
  int asked = 0;
};

tally ask_for_unique_answers(const pool_config& config, int rounds) {
  auto backend = make(config);
  std::vector<tally> tallies(4);
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n)
    threads.emplace_back([&, n] {
      auto& mine = tallies[static_cast<std::size_t>(n)];
      auto conn = backend->open(soon()).value();
      for (int i = 0; i < rounds; ++i) {
        // Texts in an order of their own on each connection.
        auto kind = (i * (n + 1)) % 11;
        auto value = n * 1'000'000 + i;
        sql_statement what{"SELECT $1::int + " + std::to_string(kind), {value}};
        auto rows = conn->execute(what, soon());
        ++mine.asked;
        if (!rows)
          ++mine.errors;
        else if (sql_cell{rows->cells.at(0)}.as<int>() != value + kind)
          ++mine.wrong;
        if (conn->state() == trace::broken)
          conn = backend->open(soon()).value();
        else if (i % 10 == 0)
          static_cast<void>(conn->reset(reset_policy::automatic, soon()));
      }
    });
  for (auto& thread : threads)
    thread.join();
  tally result;
  for (auto& x : tallies) {
    result.wrong += x.wrong;
    result.errors += x.errors;
    result.asked += x.asked;
  }
  return result;
}

int rounds() {
  return std::getenv("CAF_POOL_SANITIZED") != nullptr ? 500 : 25'000;
}

} // namespace

TEST_CASE("behind a pooler every answer belongs to its question",
          "[postgres][pooler]") {
  NEED_PGBOUNCER();
  auto mode = GENERATE(as<std::string>{}, "transaction", "session");
  private_pgbouncer pooler{private_postgres::shared(), mode};
  auto result = ask_for_unique_answers(config_for(pooler), rounds());
  CHECK(result.asked == 4 * rounds());
  CHECK(result.wrong == 0);
  CHECK(result.errors == 0);
}

TEST_CASE(
  "who prepares behind a pooler that cannot tell still gets no wrong "
  "answer",
  "[postgres][pooler]") {
  NEED_PGBOUNCER();
  private_pgbouncer pooler{private_postgres::shared(), "transaction"};
  auto config = config_for(pooler);
  config.options["prepare"] = "always";
  auto result = ask_for_unique_answers(config, rounds() / 5);
  CHECK(result.wrong == 0);
  CHECK(result.errors == 0);
}

TEST_CASE("a pooler is noticed, and nothing is prepared or left behind it",
          "[postgres][pooler]") {
  NEED_PGBOUNCER();
  private_pgbouncer pooler{private_postgres::shared(), "transaction", 1};
  auto config = config_for(pooler);
  auto conn = open_one(config);
  auto stranger = [&](const char* sql) {
    auto* raw = PQconnectdb(("host=127.0.0.1 user=app dbname=app port="
                             + std::to_string(pooler.port()))
                              .c_str());
    auto* rows = PQexec(raw, sql);
    std::string result = PQntuples(rows) > 0 ? PQgetvalue(rows, 0, 0) : "";
    PQclear(rows);
    PQfinish(raw);
    return result;
  };
  // What somebody else set, and counts on.
  stranger("SET caf_pool.theirs = 'kept'");
  for (int i = 0; i < 4; ++i) {
    must(*conn, {"SELECT $1::int", {i}});
    must(*conn, "SELECT count(*) FROM pg_class");
    must(*conn, "BEGIN");
    must(*conn, "SELECT 1");
    REQUIRE(conn->reset(reset_policy::full, soon()));
    CHECK(conn->state() == trace::clean);
  }
  REQUIRE(conn->restrict_to_reads(soon()));
  CHECK(error_of(*conn, "CREATE TABLE nowhere (i int)").state == "25006");
  REQUIRE(conn->reset(reset_policy::automatic, soon()));
  CHECK(stranger("SELECT count(*) FROM pg_prepared_statements") == "0");
  CHECK(stranger("SHOW statement_timeout") == "0");
  CHECK(stranger("SHOW default_transaction_read_only") == "off");
  CHECK(stranger("SELECT current_setting('caf_pool.theirs', true)") == "kept");
}

TEST_CASE("what a pooler by transaction cannot keep is refused",
          "[postgres][pooler]") {
  NEED_PGBOUNCER();
  auto key = GENERATE("init", "search_path", "lock_timeout",
                      "idle_in_transaction_timeout");
  auto value = std::string{key} == "init"          ? "SET a.b = 'c'"
               : std::string{key} == "search_path" ? "public"
                                                   : "1s";
  private_pgbouncer pooler{private_postgres::shared(), "session"};
  auto config = config_for(pooler);
  config.options[key] = value;
  auto refused = make(config)->open(soon());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::open_refused);
  CHECK_THAT(refused.error().message, ContainsSubstring("pooler"));
  // Whoever knows better may say so.
  config.options["pooler"] = "session";
  auto conn = open_one(config);
  CHECK(must(*conn, "SELECT 1").size() == 1);
}

TEST_CASE("behind a pooler by session, sessions are reset and prepare",
          "[postgres][pooler]") {
  NEED_PGBOUNCER();
  private_pgbouncer pooler{private_postgres::shared(), "session"};
  auto config = config_for(pooler);
  config.options["pooler"] = "session";
  auto conn = open_one(config);
  must(*conn, "SET search_path TO elsewhere");
  CHECK(conn->state() == trace::dirty);
  REQUIRE(conn->reset(reset_policy::automatic, soon()));
  CHECK(text_of(*conn, "SHOW search_path") == "\"$user\", public");
  sql_statement count{"SELECT count(*) FROM pg_prepared_statements"};
  must(*conn, count);
  CHECK(number_of(*conn, count) == 1);
}

TEST_CASE("behind a pooler a changed table costs no call",
          "[postgres][pooler][trap-T21]") {
  NEED_PGBOUNCER();
  auto& server = private_postgres::shared();
  server.query(
    "DROP TABLE IF EXISTS shape; CREATE TABLE shape (a int); "
    "INSERT INTO shape VALUES (1); GRANT ALL ON shape TO app");
  private_pgbouncer pooler{server, "transaction", 2};
  auto config = config_for(pooler);
  config.options["prepare"] = GENERATE("auto", "always");
  auto one = open_one(config);
  auto two = open_one(config);
  for (int i = 0; i < 4; ++i) {
    CHECK(must(*one, "SELECT * FROM shape").columns.size() == 1);
    CHECK(must(*two, "SELECT * FROM shape").columns.size() == 1);
  }
  server.query("ALTER TABLE shape ADD b text");
  for (int i = 0; i < 4; ++i) {
    CHECK(must(*one, "SELECT * FROM shape").columns.size() == 2);
    CHECK(must(*two, "SELECT * FROM shape").columns.size() == 2);
  }
  server.query("DROP TABLE shape");
}

TEST_CASE("a statement that somebody else prepared under its name is adopted",
          "[postgres]") {
  auto config = shared_config();
  // As if a pooler gave us a session that another client had used.
  config.options["pooler"] = "transaction";
  config.options["prepare"] = "always";
  auto conn = open_one(config);
  sql_statement what{"SELECT $1::int + 41", {1}};
  constexpr Oid types[] = {23};
  auto name = pg_statement_name(what.text, types);
  // Counts runs by that name; not prepared itself, for its text is new.
  auto runs_of_it = [&, n = 0]() mutable {
    return number_of(*conn,
                     "SELECT generic_plans + custom_plans FROM "
                     "pg_prepared_statements WHERE from_sql AND name = '"
                       + name + "' -- " + std::to_string(++n));
  };
  must(*conn, "PREPARE " + name + "(int) AS " + what.text);
  SECTION("and answers") {
    for (int i = 0; i < 6; ++i)
      CHECK(number_of(*conn, what) == 42);
    CHECK(runs_of_it() > 0);
    CHECK(conn->state() == trace::clean);
  }
  SECTION("and given up when it is gone") {
    for (int i = 0; i < 6; ++i)
      CHECK(number_of(*conn, what) == 42);
    must(*conn, "DEALLOCATE " + name);
    for (int i = 0; i < 6; ++i)
      CHECK(number_of(*conn, what) == 42);
  }
  SECTION("but not in a transaction, which an error would doom") {
    must(*conn, "BEGIN");
    for (int i = 0; i < 6; ++i)
      CHECK(number_of(*conn, what) == 42);
    CHECK(conn->transaction() == transaction_status::open);
    CHECK(runs_of_it() == 0);
    must(*conn, "COMMIT");
  }
}
