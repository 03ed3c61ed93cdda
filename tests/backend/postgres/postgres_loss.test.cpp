#include "backend/postgres/postgres_support.hpp"
#include "support/chaos_proxy.hpp"

#include <atomic>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

using direction = chaos_proxy::direction;

// A table that counts what took effect.
class effects {
public:
  effects() {
    server().query(
      "DROP TABLE IF EXISTS effects; CREATE TABLE effects (id "
      "int); GRANT ALL ON effects TO app");
  }

  effects(const effects&) = delete;
  effects& operator=(const effects&) = delete;

  ~effects() {
    server().query("DROP TABLE effects");
  }

  static private_postgres& server() {
    return private_postgres::shared();
  }

  static std::string count(int id) {
    return server().query("SELECT count(*) FROM effects WHERE id = "
                          + std::to_string(id));
  }
};

} // namespace

TEST_CASE("a connection that is lost stays lost", "[postgres][V03][V04]") {
  auto conn = open_one();
  auto& server = private_postgres::shared();
  SECTION("killed by an administrator") {
    auto pid = std::to_string(backend_pid(*conn));
    CHECK(server.terminate_backends("pid = " + pid) == 1);
  }
  SECTION("killed with its whole server") {
    server.kill9();
    server.start();
  }
  SECTION("ended by a restart") {
    server.restart();
  }
  auto alive = conn->probe(soon());
  REQUIRE_FALSE(alive);
  CHECK(alive.error().code == errc::connection_lost);
  CHECK(conn->state() == trace::broken);
  // libpqxx 6 would have a new session by the third try.
  for (int i = 0; i < 5; ++i) {
    CHECK(error_of(*conn, "SELECT 1").code == errc::connection_lost);
    CHECK_FALSE(conn->probe(soon()));
    CHECK_FALSE(conn->reset(reset_policy::full, soon()));
    CHECK(pg_raw(*conn) == nullptr);
    CHECK_THROWS_AS(pg_native(*conn), pool_error);
  }
}

TEST_CASE("a native handle does not reconnect either", "[postgres][V03]") {
  auto conn = open_one();
  auto pid = std::to_string(backend_pid(*conn));
  REQUIRE(conn->reset(reset_policy::automatic, soon()));
  auto& px = pg_native(*conn);
  CHECK(private_postgres::shared().terminate_backends("pid = " + pid) == 1);
  for (int i = 0; i < 5; ++i) {
    auto work = [&] {
      pqxx::work tx{px};
      tx.exec("SELECT 1");
    };
    CHECK_THROWS_AS(work(), pqxx::broken_connection);
  }
  CHECK(conn->state() == trace::broken);
}

TEST_CASE("a connection knows why the server hung up", "[postgres]") {
  auto conn = open_one();
  private_postgres::shared().terminate_backends();
  SECTION("found by a probe") {
    auto alive = conn->probe(soon());
    REQUIRE_FALSE(alive);
    CHECK(alive.error().state == "57P01");
    CHECK_THAT(alive.error().message,
               ContainsSubstring("terminating connection"));
  }
  SECTION("found by a statement that reads") {
    auto why = error_of(*conn, "SELECT 1");
    CHECK(why.code == errc::connection_lost);
    CHECK(why.state == "57P01");
  }
  SECTION("found by a statement that writes, before it is sent") {
    auto why = error_of(*conn, "DELETE FROM nowhere");
    CHECK(why.code == errc::connection_lost);
    CHECK(retryable(why.code));
    CHECK_THAT(why.message, ContainsSubstring("nothing was sent"));
  }
}

TEST_CASE("what a lost connection says of the statement that ran",
          "[postgres][trap-T41]") {
  effects table;
  auto conn = open_one();
  auto run_and_kill = [&](const char* sql) {
    std::optional<error> why;
    std::thread caller{[&] {
      auto rows = conn->execute(sql, soon());
      if (!rows)
        why = rows.error();
    }};
    CHECK(runs("pg_sleep(300"));
    private_postgres::shared().terminate_backends();
    caller.join();
    REQUIRE(why);
    INFO(to_string(*why));
    CHECK(why->state == "57P01");
    CHECK(conn->state() == trace::broken);
    return why->code;
  };
  SECTION("reading only") {
    CHECK(run_and_kill("SELECT pg_sleep(300)") == errc::connection_lost);
  }
  SECTION("writing by itself: the server said that it rolled back") {
    CHECK(run_and_kill("INSERT INTO effects SELECT 1 FROM pg_sleep(300)")
          == errc::connection_lost);
  }
  SECTION("code that may have committed on its way: nobody knows") {
    CHECK(run_and_kill("DO $$ BEGIN PERFORM pg_sleep(300); END $$")
          == errc::outcome_unknown);
  }
  SECTION("writing in a transaction, which is rolled back") {
    must(*conn, "BEGIN");
    CHECK(run_and_kill("INSERT INTO effects SELECT 1 FROM pg_sleep(300)")
          == errc::connection_lost);
  }
  CHECK(effects::count(1) == "0");
}

TEST_CASE("a session that the server ends is no doubt",
          "[postgres][trap-T41]") {
  effects table;
  auto& server = private_postgres::shared();
  server.query(
    "CREATE OR REPLACE FUNCTION slow_check() RETURNS trigger LANGUAGE plpgsql "
    "AS $$ BEGIN PERFORM pg_sleep(300); RETURN NULL; END $$;"
    "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON effects DEFERRABLE "
    "INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow_check()");
  auto conn = open_one();
  must(*conn, "BEGIN");
  must(*conn, "INSERT INTO effects VALUES (2)");
  std::optional<error> why;
  std::thread caller{[&] {
    auto rows = conn->execute("COMMIT", soon());
    if (!rows)
      why = rows.error();
  }};
  CHECK(runs("COMMIT"));
  server.terminate_backends();
  caller.join();
  REQUIRE(why);
  INFO(to_string(*why));
  CHECK(why->code == errc::connection_lost);
  CHECK(why->state == "57P01");
  CHECK(effects::count(2) == "0");
  server.query("DROP FUNCTION slow_check CASCADE");
}

TEST_CASE("a commit whose answer is lost is in doubt, at whatever byte",
          "[postgres][trap-T41]") {
  effects table;
  auto& server = private_postgres::shared();
  chaos_proxy net{server.port()};
  auto config = tcp_config(server);
  config.options["port"] = std::to_string(net.port());
  // The session's messages are the same each time.
  config.options["sslmode"] = "disable";
  auto by_itself = GENERATE(true, false);
  auto backend = GENERATE(direction::to_client, direction::to_server);
  std::vector<std::int64_t> confirmed;
  int unknown = 0;
  for (std::int64_t bytes = 1; bytes <= 90; bytes += 4) {
    auto conn = make(config)->open(soon()).value();
    sql_statement insert{"INSERT INTO effects VALUES ($1)", {bytes}};
    if (!by_itself) {
      must(*conn, "BEGIN");
      must(*conn, insert);
    }
    net.cut_after(backend, static_cast<std::size_t>(bytes));
    auto rows = conn->execute(by_itself ? insert : "COMMIT", soon());
    net.cut_after(backend, std::numeric_limits<std::size_t>::max());
    if (rows) {
      confirmed.push_back(bytes);
      continue;
    }
    // Never a word that allows a blind repetition.
    INFO(to_string(rows.error()));
    CHECK(rows.error().code == errc::outcome_unknown);
    CHECK_FALSE(retryable(rows.error().code));
    ++unknown;
  }
  CHECK(unknown > 5);
  for (auto id : confirmed)
    CHECK(effects::count(static_cast<int>(id)) == "1");
}

TEST_CASE("every byte at which an answer can break off leaves no wrong result",
          "[postgres][trap-T20][V14]") {
  auto& server = private_postgres::shared();
  chaos_proxy net{server.port()};
  auto config = tcp_config(server);
  config.options["port"] = std::to_string(net.port());
  config.options["sslmode"] = "disable";
  for (std::size_t bytes = 1; bytes <= 150; bytes += 7) {
    auto conn = make(config)->open(soon()).value();
    net.cut_after(direction::to_client, bytes);
    auto rows = conn->execute(
      "VALUES (1, 'text 1'), (2, 'text 2'), (3, 'text 3'), (4, 'text 4'), "
      "(5, 'text 5')",
      soon());
    if (rows) {
      CHECK(rows->size() == 5);
    } else {
      CHECK(rows.error().code == errc::connection_lost);
      CHECK(conn->state() == trace::broken);
    }
    net.cut_after(direction::to_client,
                  std::numeric_limits<std::size_t>::max());
  }
}

TEST_CASE("a view that is read may write until the server says otherwise",
          "[postgres][trap-T41]") {
  effects table;
  auto& server = private_postgres::shared();
  server.query(
    "CREATE OR REPLACE FUNCTION add_effect() RETURNS int LANGUAGE sql AS $$ "
    "INSERT INTO effects VALUES (3) RETURNING id $$; CREATE OR REPLACE VIEW "
    "effect_adder AS SELECT add_effect() AS id; GRANT ALL ON effect_adder TO "
    "app");
  chaos_proxy net{server.port()};
  auto config = tcp_config(server);
  config.options["port"] = std::to_string(net.port());
  config.options["sslmode"] = "disable";
  auto lose = [&](connection& conn, const char* sql) {
    net.cut_after(direction::to_client, 1);
    auto why = error_of(conn, sql);
    net.cut_after(direction::to_client,
                  std::numeric_limits<std::size_t>::max());
    return why.code;
  };
  auto conn = open_one(config);
  CHECK(lose(*conn, "SELECT id FROM effect_adder") == errc::outcome_unknown);
  CHECK(eventually([] { return effects::count(3) == "1"; }));
  // A table whose query is proven to be harmless.
  auto* harmless = "SELECT id FROM effects";
  CHECK(eventually([&] {
    conn = open_one(config);
    for (int i = 0; i < 4; ++i) {
      must(*conn, harmless);
      REQUIRE(conn->reset(reset_policy::automatic, soon()));
    }
    return lose(*conn, harmless) == errc::connection_lost;
  }));
  server.query("DROP VIEW effect_adder; DROP FUNCTION add_effect");
}

TEST_CASE("what users define may write, though the text names no table",
          "[postgres][trap-T41]") {
  effects table;
  auto& server = private_postgres::shared();
  server.query(
    "DROP SCHEMA IF EXISTS writers CASCADE; CREATE SCHEMA writers; "
    "GRANT ALL ON SCHEMA writers TO app; "
    "CREATE FUNCTION writers.add_effect(int, int) RETURNS int LANGUAGE sql AS "
    "$$ INSERT INTO public.effects VALUES ($1) RETURNING id $$; "
    "CREATE FUNCTION writers.lower(int) RETURNS int LANGUAGE sql AS "
    "$$ SELECT writers.add_effect($1, 0) $$; "
    "CREATE OPERATOR writers.=== (leftarg = int, rightarg = int, "
    "procedure = writers.add_effect)");
  chaos_proxy net{server.port()};
  auto config = tcp_config(server);
  config.options["port"] = std::to_string(net.port());
  config.options["sslmode"] = "disable";
  config.options["search_path"] = "public, writers";
  auto id = 5;
  for (std::string sql : {"SELECT 5 === 0", "SELECT lower(6)"}) {
    INFO(sql);
    auto conn = open_one(config);
    net.cut_after(direction::to_client, 1);
    auto why = error_of(*conn, sql);
    net.cut_after(direction::to_client,
                  std::numeric_limits<std::size_t>::max());
    CHECK(why.code == errc::outcome_unknown);
    CHECK(eventually([&] { return effects::count(id) == "1"; }));
    ++id;
  }
  server.query("DROP SCHEMA writers CASCADE");
}

// -- servers that say nothing -------------------------------------------------

TEST_CASE("a frozen server costs no more than the deadline and a grace",
          "[postgres][trap-T28]") {
  auto conn = open_one();
  auto other = open_one();
  must(*conn, "SELECT 1");
  frozen server{private_postgres::shared()};
  SECTION("when it should execute") {
    auto took = time_of([&] {
      auto why = error_of(*conn, "SELECT 1", 200ms);
      CHECK(why.code == errc::execute_timeout);
    });
    CHECK(took >= 200ms);
    CHECK(took < no_hang);
    CHECK(conn->state() == trace::broken);
    took = time_of([&] {
      auto why = error_of(*other, "DELETE FROM nowhere", 200ms);
      CHECK(why.code == errc::outcome_unknown);
    });
    CHECK(took < no_hang);
  }
  SECTION("when it is probed") {
    auto took = time_of([&] {
      auto alive = conn->probe(soon(200ms));
      REQUIRE_FALSE(alive);
      CHECK(alive.error().code == errc::connection_lost);
    });
    CHECK(took >= 200ms);
    CHECK(took < no_hang);
    CHECK(conn->state() == trace::broken);
  }
  SECTION("when a connection is opened") {
    auto took = time_of([&] {
      auto more = make(shared_config())->open(soon(200ms));
      REQUIRE_FALSE(more);
      CHECK(more.error().code == errc::open_timeout);
    });
    CHECK(took < no_hang);
  }
  SECTION("when reads are to be restricted") {
    CHECK_FALSE(conn->restrict_to_reads(soon(100ms)));
    CHECK(conn->state() == trace::broken);
  }
}
