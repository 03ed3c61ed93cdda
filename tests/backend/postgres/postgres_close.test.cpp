#include "backend/postgres/postgres_support.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;

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
  CHECK(took < no_hang);
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
    static_cast<void>(conn->reset(reset_policy::automatic, soon()));
    conn->close(soon());
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
  CHECK(took < no_hang);
  CHECK(conn->state() == trace::broken);
  // A broken one has nobody to say goodbye to.
  CHECK_FALSE(late->reset(reset_policy::full, soon(50ms)));
  CHECK(time_of([&] { late->close(soon(10min)); }) < no_hang);
}
