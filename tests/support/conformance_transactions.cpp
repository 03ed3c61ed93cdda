#include "support/conformance_bench.hpp"

namespace caf_pool::test {

namespace {

transaction_status status_of(const connection& conn) {
  return conn.transaction();
}

bool is_one_of(transaction_status x, transaction_status y) {
  return x == transaction_status::unknown || x == y;
}

void check_status(bench& env) {
  SECTION("a connection knows whether a transaction is open") {
    using enum transaction_status;
    auto conn = env.open_with_table();
    for (const auto& end : {env.spec().commit, env.spec().rollback}) {
      CHECK(is_one_of(status_of(*conn), none));
      env.ok(*conn, env.spec().begin);
      CHECK(is_one_of(status_of(*conn), open));
      env.ok(*conn, env.spec().insert(1, "x"));
      CHECK(is_one_of(status_of(*conn), open));
      env.ok(*conn, end);
      CHECK(is_one_of(status_of(*conn), none));
      env.left_nothing(*conn);
      env.ok(*conn, env.spec().drop_table);
      env.ok(*conn, env.spec().create_table);
    }
    env.ok(*conn, env.spec().begin);
    env.reset(*conn, reset_policy::transaction);
    CHECK(is_one_of(status_of(*conn), none));
    env.ok(*conn, env.spec().drop_table);
  }
  SECTION("ended transactions are counted by how they ended") {
    auto conn = env.open_with_table();
    if (status_of(*conn) == transaction_status::unknown)
      return;
    auto before = conn->ended_transactions();
    env.ok(*conn, env.spec().insert(1, "x"));
    CHECK(conn->ended_transactions() == before);
    env.ok(*conn, env.spec().begin);
    CHECK(conn->ended_transactions() == before);
    env.ok(*conn, env.spec().commit);
    CHECK(conn->ended_transactions().committed == before.committed + 1);
    env.ok(*conn, env.spec().begin);
    env.ok(*conn, env.spec().rollback);
    CHECK(conn->ended_transactions().rolled_back == before.rolled_back + 1);
    CHECK(conn->ended_transactions().committed == before.committed + 1);
    env.ok(*conn, env.spec().drop_table);
  }
}

void check_truth(bench& env) {
  if (!env.spec().doom)
    return;
  SECTION("a commit that succeeds has stored all that succeeded before") {
    auto conn = env.open_with_table();
    env.ok(*conn, env.spec().begin);
    env.ok(*conn, env.spec().insert(1, "x"));
    REQUIRE_FALSE(env.run(*conn, env.spec().insert(1, "again")));
    auto later = env.run(*conn, env.spec().insert(2, "y"));
    auto done = env.run(*conn, env.spec().commit);
    INFO(bench::message(done));
    if (done) {
      CHECK(env.rows(*conn) == (later ? 2 : 1));
    } else {
      CHECK(done.error().code == errc::rolled_back);
      CHECK_FALSE(done.error().message.empty());
      CHECK(env.rows(*conn) == 0);
    }
    env.left_nothing(*conn);
    env.ok(*conn, env.spec().drop_table);
  }
  SECTION("a transaction that the server rolled back cannot be committed") {
    auto conn = env.open_with_table();
    env.ok(*conn, env.spec().begin);
    env.ok(*conn, env.spec().insert(1, "x"));
    REQUIRE_FALSE(env.run(*conn, env.spec().doom(1)));
    CHECK(status_of(*conn) == transaction_status::failed);
    // Not on its own, either.
    CHECK_FALSE(env.run(*conn, env.spec().insert(2, "y")));
    auto done = env.run(*conn, env.spec().commit);
    REQUIRE_FALSE(done);
    INFO(to_string(done.error()));
    CHECK(done.error().code == errc::rolled_back);
    env.left_nothing(*conn);
    CHECK(env.rows(*conn) == 0);
    env.ok(*conn, env.spec().insert(3, "z"));
    CHECK(env.rows(*conn) == 1);
    env.ok(*conn, env.spec().drop_table);
  }
}

} // namespace

void check_transactions(bench& env) {
  if (!env.has_transactions())
    return;
  check_status(env);
  check_truth(env);
}

} // namespace caf_pool::test
