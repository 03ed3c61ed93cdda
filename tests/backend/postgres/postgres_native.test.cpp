#include "backend/postgres/postgres_support.hpp"

#include <string>

using namespace caf_pool;
using namespace caf_pool::test;

// -- notices and native handles -----------------------------------------------

TEST_CASE("notices are kept, the last ones", "[postgres]") {
  auto conn = open_one();
  must(*conn, "DO $$ BEGIN RAISE WARNING 'careful'; RAISE NOTICE 'so'; END $$");
  auto notices = pg_take_notices(*conn);
  REQUIRE(notices.size() == 2);
  CHECK(notices[0] == pg_notice{"WARNING", "01000", "careful"});
  CHECK(notices[1].text == "so");
  CHECK(pg_take_notices(*conn).empty());
  must(*conn,
       "DO $$ BEGIN FOR i IN 1..100 LOOP RAISE NOTICE '%', i; END LOOP; "
       "END $$");
  notices = pg_take_notices(*conn);
  REQUIRE(notices.size() == pg_notices::capacity);
  CHECK(notices.back().text == "100");
  must(*conn, "DO $$ BEGIN RAISE NOTICE 'gone'; END $$");
  REQUIRE(conn->reset(reset_policy::automatic, soon()));
  CHECK(pg_take_notices(*conn).empty());
}

TEST_CASE("libpqxx works on the native handle", "[postgres]") {
  auto conn = open_one();
  CHECK(conn->state() == trace::clean);
  {
    pqxx::work tx{pg_native(*conn)};
    auto rows = tx.exec("SELECT 41 + 1");
    CHECK(rows[0][0].as<int>() == 42);
    CHECK(conn->state() == trace::dirty);
    tx.commit();
  }
  // Whoever had the handle may have left anything.
  CHECK(conn->state() == trace::dirty);
  REQUIRE(conn->reset(reset_policy::automatic, soon()));
  CHECK(conn->state() == trace::clean);
  CHECK(number_of(*conn, "SELECT 1") == 1);
  // Alternating uses of both kinds.
  for (int i = 0; i < 3; ++i) {
    {
      pqxx::work tx{pg_native(*conn)};
      CHECK(tx.exec("SELECT " + std::to_string(i))[0][0].as<int>() == i);
    }
    CHECK(number_of(*conn, {"SELECT $1::int", {i}}) == i);
  }
}

TEST_CASE("rows are copied by the native handle", "[postgres]") {
  auto conn = open_one();
  must(*conn, "CREATE TEMP TABLE t (id int, name text)");
  auto* raw = pg_raw(*conn);
  PQclear(PQexec(raw, "COPY t FROM STDIN"));
  std::string row = "1\tone\n2\ttwo\n";
  CHECK(PQputCopyData(raw, row.data(), static_cast<int>(row.size())) == 1);
  // Nobody else may have it now: it is in the middle of something.
  CHECK(conn->state() == trace::broken);
  CHECK(PQputCopyEnd(raw, nullptr) == 1);
  while (auto* portion = PQgetResult(raw))
    PQclear(portion);
  CHECK(number_of(*conn, "SELECT count(*) FROM t") == 2);
}

TEST_CASE("notifications arrive by the native handle, and stop with the lease",
          "[postgres][trap-T17]") {
  auto conn = open_one();
  auto* raw = pg_raw(*conn);
  PQclear(PQexec(raw, "LISTEN news"));
  auto other = open_one();
  must(*other, "NOTIFY news, 'one'");
  PGnotify* note = nullptr;
  CHECK(eventually([&] {
    PQconsumeInput(raw);
    note = PQnotifies(raw);
    return note != nullptr;
  }));
  REQUIRE(note != nullptr);
  CHECK(std::string{note->extra} == "one");
  PQfreemem(note);
  must(*other, "NOTIFY news, 'two'");
  REQUIRE(conn->reset(reset_policy::automatic, soon()));
  must(*other, "NOTIFY news, 'three'");
  CHECK(number_of(*conn, "SELECT 1") == 1);
  raw = pg_raw(*conn);
  CHECK(PQnotifies(raw) == nullptr);
}

TEST_CASE("notifications are no part of a result", "[postgres]") {
  auto config = shared_config();
  config.max_result_bytes = 1 << 20;
  auto conn = open_one(config);
  must(*conn, "LISTEN many");
  auto* notify
    = "SELECT count(pg_notify('many', repeat('x', 7900) || i)) FROM "
      "generate_series(1, 1000) i";
  SECTION("those that came before") {
    private_postgres::shared().query(notify);
    CHECK(number_of(*conn, "SELECT 1") == 1);
  }
  SECTION("its own, that come with the commit") {
    must(*conn, "BEGIN");
    must(*conn, notify);
    must(*conn, "COMMIT");
  }
  SECTION("its own, that come with the statement") {
    CHECK(number_of(*conn, notify) == 1000);
  }
  CHECK(number_of(*conn, "SELECT 1") == 1);
}
