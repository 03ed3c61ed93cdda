#include "caf_pool/backend/testing/faulty.hpp"

#include "caf_pool/backend/testing/scripted.hpp"

#include "backend/sqlite/sqlite_support.hpp"
#include "support/eventually.hpp"

#include <future>
#include <memory>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

/// The plan in which exactly one call suffers.
fault_plan only(backend_call kind, std::uint64_t nth, fault what) {
  fault_plan plan;
  plan.certain.push_back({kind, nth, what});
  return plan;
}

/// A faulty SQLite in memory with a table.
struct bed {
  explicit bed(fault_plan plan)
    : server(make_sqlite_at(":memory:"), std::move(plan)) {
    server.enable(false);
    conn = open(server);
    run(*conn, "CREATE TABLE t (x)");
  }

  /// Counting begins here; the calls of the constructor come before.
  std::int64_t rows() {
    server.enable(false);
    conn = open(server);
    return value_of<std::int64_t>(*conn, "SELECT count(*) FROM t");
  }

  faulty_backend server;
  connection_ptr conn;
};

} // namespace

TEST_CASE("a faulty backend without faults conforms",
          "[faulty][conformance][sqlite]") {
  temp_folder folder;
  auto what = sqlite_statements_for_conformance();
  what.make = [&] {
    return std::make_shared<faulty_backend>(make_sqlite_at(folder.file("a.db")),
                                            fault_plan{});
  };
  what.make_unreachable = [&] {
    return std::make_shared<faulty_backend>(
      make_sqlite_at(folder.file("none/a.db")), fault_plan{});
  };
  run_conformance(what);
}

// -- the plan ----------------------------------------------------------------

TEST_CASE("a plan decides the same for the same seed only", "[faulty]") {
  fault_plan plan;
  plan.seed = 7;
  plan.of(backend_call::execute) = {100, 100, 100, 100, 100};
  auto other = plan;
  other.seed = 8;
  std::size_t differences = 0;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    auto x = plan.decide(backend_call::execute, i);
    auto y = plan.decide(backend_call::execute, i);
    auto z = other.decide(backend_call::execute, i);
    CHECK(x.what == y.what);
    CHECK(x.delay == y.delay);
    CHECK((x.what == fault::delay) == (x.delay > 0ns));
    CHECK(
      (x.delay == 0ns
       || (x.delay >= plan.shortest_delay && x.delay <= plan.longest_delay)));
    if (x.what != z.what)
      ++differences;
  }
  CHECK(differences > 100);
}

TEST_CASE("faults come as often as the odds say", "[faulty]") {
  fault_plan plan;
  plan.of(backend_call::execute) = {100, 50, 20, 10, 5};
  std::array<int, faults> seen{};
  constexpr int calls = 100'000;
  for (std::uint64_t i = 1; i <= calls; ++i)
    ++seen[static_cast<std::size_t>(
      plan.decide(backend_call::execute, i).what)];
  auto about = [&](fault x, int per_mille) {
    INFO(to_string(x));
    CHECK(seen[static_cast<std::size_t>(x)]
          == Approx(per_mille * calls / 1000).epsilon(0.15));
  };
  about(fault::none, 815);
  about(fault::delay, 100);
  about(fault::failure, 50);
  about(fault::break_before, 20);
  about(fault::break_after, 10);
  about(fault::hang, 5);
}

TEST_CASE("an abort never suffers, because it is the last resort", "[faulty]") {
  fault_plan plan;
  for (auto& odds : plan.odds)
    odds.hang = 1000;
  for (std::uint64_t i = 1; i <= 10; ++i) {
    CHECK(plan.decide(backend_call::abort, i).what == fault::none);
    CHECK(plan.decide(backend_call::cancel, i).what == fault::failure);
    CHECK(plan.decide(backend_call::execute, i).what == fault::hang);
  }
}

// -- one fault at a time -----------------------------------------------------

TEST_CASE("an injected failure touches neither server nor connection",
          "[faulty]") {
  bed env{only(backend_call::execute, 2, fault::failure)};
  env.server.enable(true);
  auto why = failure_of(*env.conn, "INSERT INTO t VALUES (1)");
  CHECK(why.code == errc::execute_failed);
  CHECK_THAT(why.message, ContainsSubstring("injected"));
  CHECK(env.conn->state() == trace::clean);
  run(*env.conn, "INSERT INTO t VALUES (2)");
  CHECK(env.server.count(backend_call::execute, fault::failure) == 1);
  env.conn = nullptr;
  CHECK(env.rows() == 1);
}

TEST_CASE("a connection that breaks before a statement did nothing",
          "[faulty]") {
  bed env{only(backend_call::execute, 2, fault::break_before)};
  env.server.enable(true);
  CHECK(failure_of(*env.conn, "INSERT INTO t VALUES (1)").code
        == errc::connection_lost);
  CHECK(env.conn->state() == trace::broken);
  CHECK_FALSE(env.conn->probe(soon()));
  env.conn = nullptr;
  CHECK(env.rows() == 0);
}

TEST_CASE("a connection that breaks after a statement leaves it in doubt",
          "[faulty]") {
  bed env{only(backend_call::execute, 2, fault::break_after)};
  env.server.enable(true);
  CHECK(failure_of(*env.conn, "INSERT INTO t VALUES (1)").code
        == errc::outcome_unknown);
  CHECK(env.conn->state() == trace::broken);
  env.conn = nullptr;
  CHECK(env.rows() == 1);
}

TEST_CASE("a hanging call ends at its deadline, by cancel or by abort",
          "[faulty]") {
  fault_plan plan;
  plan.of(backend_call::execute).hang = 1000;
  bed env{plan};
  env.server.enable(true);
  auto& conn = *env.conn;
  auto later = [&] {
    return std::async(std::launch::async, [&] {
      auto rows = conn.execute("SELECT 1", soon());
      return rows ? errc::none : rows.error().code;
    });
  };
  CHECK(failure_of(conn, "SELECT 1", clock::now() + 5ms).code
        == errc::execute_timeout);
  CHECK(conn.state() == trace::clean);
  // A cancel hits a call that has begun only, hence several.
  auto call = later();
  while (call.wait_for(1ms) != std::future_status::ready)
    conn.cancel();
  CHECK(call.get() == errc::cancelled);
  CHECK(conn.state() == trace::clean);
  call = later();
  conn.abort();
  CHECK(call.get() == errc::connection_lost);
  CHECK(conn.state() == trace::broken);
}

TEST_CASE("all that hangs goes on when the faults end", "[faulty]") {
  fault_plan plan;
  for (auto& odds : plan.odds)
    odds.hang = 1000;
  auto inner = std::make_shared<scripted_backend>();
  faulty_backend server{inner, plan};
  auto conn
    = std::async(std::launch::async, [&] { return server.open(soon()); });
  CHECK(eventually([&] { return server.calls(backend_call::open) == 1; }));
  CHECK(inner->count(backend_call::open) == 0);
  server.enable(false);
  auto opened = conn.get();
  REQUIRE(opened);
  CHECK((*opened)->probe(soon()));
  CHECK(inner->verdict() == "");
}

TEST_CASE("a slow close ends at its deadline", "[faulty][trap-T33]") {
  fault_plan plan;
  plan.of(backend_call::close).hang = 1000;
  auto inner = std::make_shared<scripted_backend>();
  faulty_backend server{inner, plan};
  auto conn = open(server);
  auto began = clock::now();
  conn->close(began + 10ms);
  CHECK(clock::now() - began >= 10ms);
  CHECK(inner->count(backend_call::close) == 1);
  CHECK(inner->connections() == 0);
}

// -- the Nth call ------------------------------------------------------------

TEST_CASE("whichever call suffers, an error is told and nothing leaks",
          "[faulty][D02]") {
  for (auto what : {fault::delay, fault::failure, fault::break_before,
                    fault::break_after, fault::hang}) {
    for (auto kind : {backend_call::open, backend_call::probe,
                      backend_call::reset, backend_call::execute,
                      backend_call::restrict_to_reads, backend_call::close}) {
      for (std::uint64_t nth = 1; nth <= 3; ++nth) {
        INFO(to_string(what) << " at " << to_string(kind) << ' ' << nth);
        auto inner = std::make_shared<scripted_backend>();
        faulty_backend server{inner, only(kind, nth, what)};
        bool told = false;
        for (int i = 0; i < 3; ++i) {
          bool hangs = what == fault::hang && kind != backend_call::close;
          auto deadline = hangs ? clock::now() + 30ms : soon();
          auto conn = server.open(deadline);
          told |= !conn;
          if (!conn)
            continue;
          told |= !(*conn)->probe(deadline);
          told |= !(*conn)->execute("x", deadline);
          told |= !(*conn)->restrict_to_reads(deadline);
          told |= !(*conn)->reset(reset_policy::full, deadline);
          (*conn)->close(clock::now() + 30ms);
        }
        bool harmless = what == fault::delay || kind == backend_call::close;
        CHECK(told != harmless);
        CHECK(inner->connections() == 0);
        CHECK(inner->verdict() == "");
        CHECK(server.open(soon()));
      }
    }
  }
}
