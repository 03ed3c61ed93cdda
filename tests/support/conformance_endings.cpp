#include "support/conformance_bench.hpp"

#include <atomic>
#include <thread>

namespace caf_pool::test {

namespace {

using namespace std::chrono_literals;

// -- cancel and abort --------------------------------------------------------

void check_cancel(bench& env) {
  if (!env.spec().can_cancel || !bench::has(env.spec().slow))
    return;
  SECTION("cancel from another thread ends a statement, not the connection") {
    auto conn = env.open();
    for (int i = 0; i < 3; ++i) {
      slow_call call{env, *conn};
      CHECK(call.stop_by([&] { conn->cancel(); }) == errc::cancelled);
    }
    env.works(*conn);
    env.left_nothing(*conn);
  }
  SECTION("a cancel that comes too late does not hit the next statement") {
    auto conn = env.open();
    for (int i = 0; i < 50; ++i) {
      env.works(*conn);
      conn->cancel();
    }
    env.works(*conn);
  }
  SECTION("a cancel at any moment harms nothing but the running statement") {
    auto conn = env.open();
    std::atomic<bool> stop = false;
    std::thread nuisance{[&] {
      while (!stop)
        conn->cancel();
    }};
    std::size_t strange = 0;
    for (int i = 0; i < 200; ++i) {
      auto rows = env.run(*conn, env.spec().get_one);
      if (!rows && rows.error().code != errc::cancelled)
        ++strange;
    }
    stop = true;
    nuisance.join();
    CHECK(strange == 0);
    env.works(*conn);
  }
}

void check_abort(bench& env) {
  SECTION("abort from another thread frees a blocked one") {
    if (!env.spec().can_abort || !bench::has(env.spec().slow))
      return;
    auto conn = env.open();
    {
      slow_call call{env, *conn};
      auto code = call.stop_by([&] { conn->abort(); });
      CHECK((code == errc::connection_lost || code == errc::outcome_unknown));
    }
    env.is_gone(*conn);
    conn->close(env.soon());
    env.works(*env.open());
  }
  SECTION("abort breaks an idle connection") {
    auto conn = env.open();
    conn->abort();
    env.is_gone(*conn);
  }
}

// -- reset -------------------------------------------------------------------

void check_rollback(bench& env, reset_policy policy) {
  auto conn = env.open_with_table();
  env.ok(*conn, env.spec().begin);
  env.ok(*conn, env.spec().insert(1, "x"));
  CHECK(conn->state() == trace::dirty);
  env.reset(*conn, policy);
  CHECK(env.rows(*conn) == 0);
  // The same in a transaction that failed.
  env.ok(*conn, env.spec().begin);
  env.ok(*conn, env.spec().insert(1, "x"));
  CHECK_FALSE(env.run(*conn, env.spec().insert(1, "x")));
  CHECK(conn->state() == trace::dirty);
  env.reset(*conn, policy);
  CHECK(env.rows(*conn) == 0);
  // And the connection takes new transactions.
  env.ok(*conn, env.spec().begin);
  env.ok(*conn, env.spec().insert(1, "x"));
  env.ok(*conn, env.spec().commit);
  env.left_nothing(*conn);
  CHECK(env.rows(*conn) == 1);
  env.ok(*conn, env.spec().drop_table);
}

void check_reset(bench& env) {
  SECTION("a clean connection is reset to a clean one") {
    auto conn = env.open();
    for (auto policy : {reset_policy::none, reset_policy::transaction,
                        reset_policy::automatic, reset_policy::full}) {
      env.reset(*conn, policy);
      env.works(*conn);
    }
  }
  SECTION("a reset rolls back, whatever the policy but none") {
    if (!env.has_transactions())
      return;
    check_rollback(env, reset_policy::transaction);
    check_rollback(env, reset_policy::automatic);
    check_rollback(env, reset_policy::full);
  }
  SECTION("the next holder sees nothing of the last one") {
    if (!bench::has(env.spec().leave_trace)
        || !bench::has(env.spec().see_trace))
      return;
    auto conn = env.open();
    for (auto policy : {reset_policy::automatic, reset_policy::full}) {
      env.ok(*conn, env.spec().leave_trace);
      CHECK(env.ok(*conn, env.spec().see_trace).size() > 0);
      CHECK(conn->state() == trace::dirty);
      env.reset(*conn, policy);
      auto rows = env.run(*conn, env.spec().see_trace);
      CHECK((!rows || rows->empty()));
    }
  }
  SECTION("who takes the driver's handle makes the connection dirty") {
    auto conn = env.open();
    if (conn->native_handle() == nullptr)
      return;
    CHECK(conn->state() == trace::dirty);
    env.reset(*conn, reset_policy::automatic);
    env.works(*conn);
  }
  SECTION("a connection restricted to reads refuses writes until its reset") {
    if (!env.spec().can_restrict || !env.has_table())
      return;
    auto conn = env.open_with_table();
    REQUIRE(conn->restrict_to_reads(env.soon()));
    auto rows = env.run(*conn, env.spec().insert(1, "x"));
    REQUIRE_FALSE(rows);
    CHECK(rows.error().code == errc::execute_failed);
    CHECK(env.rows(*conn) == 0);
    // Otherwise a pool would skip the reset.
    CHECK(conn->state() == trace::dirty);
    env.reset(*conn, reset_policy::automatic);
    env.ok(*conn, env.spec().insert(1, "x"));
    env.ok(*conn, env.spec().drop_table);
  }
}

// -- close and threads -------------------------------------------------------

void check_close(bench& env) {
  SECTION("nothing works after close, and nothing crashes") {
    auto conn = env.open();
    conn->close(env.soon());
    env.is_gone(*conn);
    conn->close(env.soon());
    env.works(*env.open());
  }
  SECTION("a close whose deadline has passed returns at once") {
    auto conn = env.open();
    auto began = clock::now();
    conn->close(began - 1s);
    CHECK(clock::now() - began < env.spec().tolerance);
    env.is_gone(*conn);
  }
  SECTION("the destructor alone ends an open transaction") {
    if (!env.has_transactions())
      return;
    auto conn = env.open_with_table();
    env.ok(*conn, env.spec().begin);
    env.ok(*conn, env.spec().insert(1, "x"));
    conn = nullptr;
    conn = env.open();
    CHECK(eventually([&] { return env.rows(*conn) == 0; }));
    env.ok(*conn, env.spec().drop_table);
  }
  SECTION("a connection may be handed from thread to thread") {
    auto conn = env.open();
    for (int i = 0; i < 8; ++i) {
      // Catch2's checks are for one thread.
      bool fine = false;
      std::thread{[&] {
        fine = conn->probe(env.soon()).has_value()
               && (!bench::has(env.spec().get_one)
                   || env.run(*conn, env.spec().get_one).has_value())
               && conn->reset(reset_policy::full, env.soon()).has_value();
      }}.join();
      CHECK(fine);
    }
    std::thread{[&] { conn->close(env.soon()); }}.join();
    env.is_gone(*conn);
  }
}

} // namespace

void check_endings(bench& env) {
  check_cancel(env);
  check_abort(env);
  check_reset(env);
  check_close(env);
}

} // namespace caf_pool::test
