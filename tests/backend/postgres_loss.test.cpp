#include "backend/postgres_support.hpp"
#include "support/chaos_proxy.hpp"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <limits>
#include <optional>
#include <sched.h>
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

// Switches the network device of the calling thread's namespace.
void switch_loopback(bool on) {
  auto fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  CHECK(::ioctl(fd, SIOCGIFFLAGS, &request) == 0);
  auto flags = static_cast<unsigned>(request.ifr_flags);
  request.ifr_flags
    = static_cast<short>(on ? flags | IFF_UP : flags & ~unsigned{IFF_UP});
  CHECK(::ioctl(fd, SIOCSIFFLAGS, &request) == 0);
  ::close(fd);
}

// Waits until the server runs `text` for somebody.
bool runs(std::string_view text) {
  return eventually([&] {
    return private_postgres::shared().query(
             "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND "
             "state = 'active' AND query LIKE '%"
             + std::string{text} + "%'")
           != "0";
  });
}

} // namespace

TEST_CASE("a connection that is lost stays lost", "[postgres][V03][V04]") {
  auto conn = open_one();
  auto& server = private_postgres::shared();
  SECTION("killed by an administrator") {
    CHECK(server.terminate_backends() == 1);
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
  auto& px = pg_native(*conn);
  CHECK(private_postgres::shared().terminate_backends() == 1);
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
  SECTION("writing by itself: nobody knows") {
    CHECK(run_and_kill("INSERT INTO effects SELECT 1 FROM pg_sleep(300)")
          == errc::outcome_unknown);
  }
  SECTION("calling a function: nobody knows") {
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
  auto way = GENERATE(direction::to_client, direction::to_server);
  std::vector<std::int64_t> confirmed;
  int unknown = 0;
  for (std::int64_t bytes = 1; bytes <= 90; bytes += 4) {
    auto conn = make(config)->open(soon()).value();
    sql_statement insert{"INSERT INTO effects VALUES ($1)", {bytes}};
    if (!by_itself) {
      must(*conn, "BEGIN");
      must(*conn, insert);
    }
    net.cut_after(way, static_cast<std::size_t>(bytes));
    auto rows = conn->execute(by_itself ? insert : "COMMIT", soon());
    net.cut_after(way, std::numeric_limits<std::size_t>::max());
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
      "SELECT i, 'text ' || i FROM "
      "generate_series(1, 5) i",
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
    CHECK(took < 1500ms);
    CHECK(conn->state() == trace::broken);
    took = time_of([&] {
      auto why = error_of(*other, "DELETE FROM nowhere", 200ms);
      CHECK(why.code == errc::outcome_unknown);
    });
    CHECK(took < 1500ms);
  }
  SECTION("when it is probed") {
    auto took = time_of([&] {
      auto alive = conn->probe(soon(200ms));
      REQUIRE_FALSE(alive);
      CHECK(alive.error().code == errc::connection_lost);
    });
    CHECK(took >= 200ms);
    CHECK(took < 900ms);
    CHECK(conn->state() == trace::broken);
  }
  SECTION("when a connection is opened") {
    auto took = time_of([&] {
      auto more = make(shared_config())->open(soon(200ms));
      REQUIRE_FALSE(more);
      CHECK(more.error().code == errc::open_timeout);
    });
    CHECK(took < 900ms);
  }
  SECTION("when reads are to be restricted") {
    CHECK_FALSE(conn->restrict_to_reads(soon(100ms)));
    CHECK(conn->state() == trace::broken);
  }
}

TEST_CASE("a network that holds everything back is noticed at the deadline",
          "[postgres][trap-T28]") {
  auto& server = private_postgres::shared();
  chaos_proxy net{server.port()};
  auto config = tcp_config(server);
  config.options["port"] = std::to_string(net.port());
  auto conn = make(config)->open(soon()).value();
  SECTION("with both sides there") {
    net.set(chaos_proxy::mode::stall);
  }
  SECTION("with the server's side gone") {
    net.lose_server();
  }
  auto took = time_of([&] {
    CHECK(error_of(*conn, "SELECT 1", 200ms).code == errc::execute_timeout);
  });
  CHECK(took >= 200ms);
  CHECK(took < 1500ms);
  CHECK(conn->state() == trace::broken);
}

TEST_CASE("a slow network only makes things slow", "[postgres]") {
  auto& server = private_postgres::shared();
  chaos_proxy net{server.port()};
  auto config = tcp_config(server);
  config.options["port"] = std::to_string(net.port());
  auto conn = make(config)->open(soon()).value();
  net.delay(20ms);
  CHECK(number_of(*conn, "SELECT 1") == 1);
  CHECK(error_of(*conn, "SELECT pg_sleep(300)", 100ms).code
        == errc::execute_timeout);
  REQUIRE(conn->reset(reset_policy::automatic, soon()));
  net.delay(0ms);
  net.throttle(100'000);
  auto rows = must(*conn, "SELECT repeat('x', 20000)");
  CHECK(std::get<std::string>(rows.cells[0]).size() == 20000);
  CHECK(conn->state() == trace::clean);
}

TEST_CASE("abort frees a thread that is blocked in the native handle",
          "[postgres]") {
  auto conn = open_one();
  std::atomic<bool> threw = false;
  std::thread caller{[&] {
    try {
      pqxx::work tx{pg_native(*conn)};
      tx.exec("SELECT pg_sleep(300)");
    } catch (const std::exception&) {
      threw = true;
    }
  }};
  CHECK(runs("pg_sleep(300"));
  auto took = time_of([&] {
    conn->abort();
    caller.join();
  });
  CHECK(threw);
  CHECK(took < 5s);
  CHECK(conn->state() == trace::broken);
}

TEST_CASE("abort and cancel may come at any moment of a connection's life",
          "[postgres]") {
  for (int round = 0; round < 30; ++round) {
    auto conn = open_one();
    std::atomic<bool> stop = false;
    std::thread rival{[&] {
      for (int i = 0; !stop; ++i)
        if (i % 2 == 0 && round % 2 == 0)
          conn->cancel();
        else
          conn->abort();
    }};
    static_cast<void>(conn->execute("SELECT pg_sleep(0.001)", soon()));
    static_cast<void>(conn->reset(reset_policy::automatic, soon(1s)));
    conn->close(soon(1s));
    static_cast<void>(conn->execute("SELECT 1", soon()));
    stop = true;
    rival.join();
    CHECK(conn->state() == trace::broken);
  }
}

TEST_CASE("a server does not go on with what nobody waits for",
          "[postgres][trap-T6]") {
  auto count = [] {
    return private_postgres::shared().query(
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
      "'caf_pool/dropped'");
  };
  auto config = shared_config();
  config.name = "dropped";
  auto conn = open_one(config);
  SECTION("after an abort") {
    std::thread caller{[&] {
      static_cast<void>(conn->execute("SELECT pg_sleep(300)", soon()));
    }};
    CHECK(runs("pg_sleep(300"));
    conn->abort();
    caller.join();
    conn->close(soon());
  }
  SECTION("after the holder of the native handle walked away") {
    REQUIRE(PQsendQuery(pg_raw(*conn), "SELECT pg_sleep(300)") == 1);
    CHECK(runs("pg_sleep(300"));
    conn.reset();
  }
  CHECK(eventually([&] { return count() == "0"; }));
}

// -- the end ------------------------------------------------------------------

TEST_CASE("a closed connection's slot at the server is free",
          "[postgres][trap-T6]") {
  private_postgres small{{.max_connections = 8, .tls = false, .settings = {}}};
  auto by_tcp = GENERATE(false, true);
  auto server = make(by_tcp ? tcp_config(small) : config_for(small));
  // Three of the slots are reserved for superusers.
  for (int round = 0; round < 20; ++round) {
    std::vector<connection_ptr> conns;
    for (int i = 0; i < 5; ++i) {
      auto conn = server->open(soon());
      if (!conn)
        FAIL(to_string(conn.error()));
      conns.push_back(*std::move(conn));
    }
    for (auto& conn : conns)
      conn->close(soon());
  }
}

TEST_CASE("a server that ignores a goodbye does not hold up the pool",
          "[postgres][trap-T33]") {
  auto conn = open_one();
  auto late = open_one();
  must(*late, "BEGIN");
  frozen server{private_postgres::shared()};
  auto took = time_of([&] { conn->close(soon(200ms)); });
  CHECK(took >= 200ms);
  CHECK(took < 900ms);
  CHECK(conn->state() == trace::broken);
  // A broken one has nobody to say goodbye to.
  CHECK_FALSE(late->reset(reset_policy::full, soon(50ms)));
  CHECK(time_of([&] { late->close(soon(5s)); }) < 1s);
}

TEST_CASE("packets that vanish are noticed by the user timeout",
          "[postgres][T09]") {
  // A thread has a network of its own, if it may; its server and its
  // connections live in there, and no packet arrives while its device is down.
  bool possible = false;
  std::optional<error> by_default;
  std::optional<error> by_timeout;
  duration took{};
  std::thread{[&] {
    if (::unshare(CLONE_NEWNET) != 0)
      return;
    possible = true;
    switch_loopback(true);
    private_postgres server{
      {.max_connections = 20, .tls = false, .settings = {}}};
    auto config = tcp_config(server);
    config.options["tcp_user_timeout"] = "1s";
    auto conn = open_one(config);
    config.options["tcp_user_timeout"] = "0";
    auto other = open_one(config);
    switch_loopback(false);
    took = time_of([&] {
      auto rows = conn->execute("SELECT 1", soon());
      if (!rows)
        by_timeout = rows.error();
    });
    auto rows = other->execute("SELECT 1", soon(3s));
    if (!rows)
      by_default = rows.error();
    conn.reset();
    other.reset();
  }}.join();
  if (!possible)
    SKIP("no right to make a network namespace");
  REQUIRE(by_timeout);
  INFO(to_string(*by_timeout));
  CHECK(by_timeout->code == errc::connection_lost);
  CHECK(took >= 900ms);
  CHECK(took < 5s);
  // The one without only has its deadline.
  REQUIRE(by_default);
  CHECK(by_default->code == errc::execute_timeout);
}
