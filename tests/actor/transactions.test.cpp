#include "caf_pool/backend/postgres/postgres.hpp"
#include "caf_pool/backend/sqlite/sqlite.hpp"

#include "actor/bench.hpp"
#include "support/private_postgres.hpp"

#include <functional>
#include <new>
#include <stdexcept>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

struct flavour {
  const char* name;
  std::function<backend_spec<connection>()> make;
  /// Fails, and the server rolls the transaction back by itself.
  const char* doom;
  /// A constraint that is looked at when the transaction commits.
  const char* deferred;
};

template <class Spec>
backend_spec<connection> settled(Spec spec) {
  auto quiet = quiet_pool(1);
  quiet.backend = spec.config.backend;
  quiet.options = spec.config.options;
  return {std::move(quiet), std::move(spec.backend), std::move(spec.why)};
}

const flavour& any_flavour() {
  static const flavour all[]{
    {"sqlite", [] { return settled(sqlite(":memory:")); },
     "INSERT OR ROLLBACK INTO tx VALUES (1, 0)",
     "CREATE TABLE child (x INTEGER REFERENCES tx (id) DEFERRABLE INITIALLY "
     "DEFERRED)"},
    {"postgres",
     [] {
       auto& server = private_postgres::shared();
       return settled(postgres("host=" + server.socket_dir()
                               + " port=" + std::to_string(server.port())
                               + " user=app dbname=app"));
     },
     "INSERT INTO tx VALUES (1, 0)",
     "CREATE TABLE child (x INTEGER REFERENCES tx (id) DEFERRABLE INITIALLY "
     "DEFERRED)"},
  };
  return all[GENERATE(0, 1)];
}

/// A pool of one connection on a real server, with a table of one row.
struct tx_bench {
  const flavour& kind = any_flavour();
  actor_world world;
  any_pool db = pool_of(world.sys, kind.make());
  client me{world.sys};

  static any_pool pool_of(caf::actor_system& sys,
                          const backend_spec<connection>& spec) {
    return {sys, spec.config, spec.backend, spec.why};
  }

  tx_bench() {
    UNSCOPED_INFO(kind.name);
    db.execute("DROP TABLE IF EXISTS child").value();
    db.execute("DROP TABLE IF EXISTS tx").value();
    db.execute("CREATE TABLE tx (id INTEGER PRIMARY KEY, n INTEGER)").value();
    db.execute("INSERT INTO tx VALUES (1, 0)").value();
  }

  std::int64_t rows() {
    return db.execute("SELECT count(*) FROM tx")
      .value()[0][0]
      .as<std::int64_t>();
  }

  result<outcome> by_message(std::vector<sql_statement> what,
                             lease_id lease = {}) {
    auto order = execute{std::move(what)};
    order.lease = lease;
    return me.get<outcome>(db.actors().address, std::move(order));
  }

  /// Shows that nothing is left but `n` rows, and that the pool works.
  void is_well_with(std::int64_t n) {
    CHECK(rows() == n);
    CHECK(db.transaction([](lease& mine) -> result<void> {
      if (auto done = mine.execute("UPDATE tx SET n = n + 1"); !done)
        return done.error();
      return {};
    }));
    CHECK(at_rest(db));
  }
};

using step = std::function<result<void>(lease&)>;

sql_statement insert(int id) {
  return {"INSERT INTO tx VALUES ($1, 0)", {id}};
}

/// Executes all of it and minds no error.
step heedless(std::vector<sql_statement> what) {
  return [what = std::move(what)](lease& mine) -> result<void> {
    for (auto& x : what)
      static_cast<void>(mine.execute(x));
    return {};
  };
}

void says(const error& why, errc code, const std::string& words) {
  INFO(to_string(why));
  CHECK(why.code == code);
  CHECK_THAT(why.message, ContainsSubstring(words));
}

} // namespace

TEST_CASE("a function that ignores an error gets an error, and stores nothing",
          "[V01]") {
  tx_bench env;
  for (auto& bad : {std::string{"INSERT INTO tx VALUES (1, 0)"},
                    std::string{"SELECT * FROM no_such_table"},
                    std::string{"SELEKT 1"}, std::string{env.kind.doom}}) {
    INFO(bad);
    auto done = env.db.transaction(heedless({insert(2), bad, insert(3)}));
    REQUIRE_FALSE(done);
    says(done.error(), errc::rolled_back, "an earlier statement");
    env.is_well_with(1);
  }
}

TEST_CASE("after an error nothing is executed until ROLLBACK TO", "[V01]") {
  tx_bench env;
  auto done = env.db.transaction([](lease& mine) -> result<void> {
    mine.execute(insert(2)).value();
    mine.execute("SAVEPOINT a").value();
    CHECK_FALSE(mine.execute(insert(1)));
    auto refused = mine.execute(insert(3));
    CHECK(code_of(refused) == errc::rolled_back);
    mine.execute(" /* a comment */ -- and\n RollBack To a").value();
    mine.execute(insert(4)).value();
    mine.execute("RELEASE SAVEPOINT a").value();
    return {};
  });
  INFO((done ? std::string{} : to_string(done.error())));
  CHECK(done);
  env.is_well_with(3);
}

TEST_CASE("a function that returns an error or throws stores nothing",
          "[V01]") {
  tx_bench env;
  auto done = env.db.transaction([](lease& mine) -> result<void> {
    mine.execute(insert(2)).value();
    return error{errc::invalid_argument, "no", {}};
  });
  CHECK(code_of(done) == errc::invalid_argument);
  env.is_well_with(1);
  CHECK_THROWS_AS(env.db.transaction([](lease& mine) -> result<void> {
    mine.execute(insert(2)).value();
    throw std::runtime_error{"no"};
  }),
                  std::runtime_error);
  env.is_well_with(1);
}

TEST_CASE("a function that ends the transaction by itself gets an error",
          "[V01]") {
  tx_bench env;
  std::vector<std::string> commits{"COMMIT", "END", "/* now */ commit"};
  std::vector<std::string> rollbacks{"ROLLBACK"};
  if (env.kind.name == std::string{"postgres"}) {
    commits.push_back("COMMIT AND CHAIN");
    rollbacks.insert(rollbacks.end(),
                     {"ABORT", "ROLLBACK AND CHAIN", "ABORT AND CHAIN",
                      "ROLLBACK TRANSACTION AND CHAIN"});
  }
  for (auto& end : commits) {
    INFO(end);
    auto done = env.db.transaction(heedless({insert(2), end, insert(3)}));
    REQUIRE_FALSE(done);
    says(done.error(), errc::invalid_argument,
         "what was executed until then is stored");
    env.is_well_with(2);
    env.db.execute("DELETE FROM tx WHERE id > 1").value();
  }
  for (auto& end : rollbacks) {
    INFO(end);
    auto done = env.db.transaction(heedless({insert(2), end, insert(3)}));
    REQUIRE_FALSE(done);
    says(done.error(), errc::rolled_back, "is rolled back");
    env.is_well_with(1);
    // The same with a transaction of his own behind it.
    done = env.db.transaction(
      heedless({insert(2), end, "BEGIN", insert(3), "COMMIT"}));
    CHECK(code_of(done) == errc::rolled_back);
    env.is_well_with(1);
  }
}

TEST_CASE("a constraint that fails at COMMIT leaves nothing, and a good lease",
          "[V01]") {
  tx_bench env;
  env.db.execute(env.kind.deferred).value();
  std::vector<sql_statement> orphan{insert(2), "INSERT INTO child VALUES (77)"};
  auto done = env.db.transaction(heedless(orphan));
  REQUIRE_FALSE(done);
  says(done.error(), errc::execute_failed, "");
  env.is_well_with(1);
  {
    auto mine = env.db.acquire().value();
    CHECK(code_of(mine.transaction(orphan)) == errc::execute_failed);
    CHECK(mine.transaction({insert(3), insert(4)}));
  }
  env.is_well_with(3);
  CHECK(code_of(env.by_message(orphan)) == errc::execute_failed);
  env.is_well_with(3);
}

TEST_CASE("a list that ends its transaction half-way stops there", "[V01]") {
  tx_bench env;
  std::vector<sql_statement> list{insert(2), "COMMIT", insert(3), insert(4)};
  auto check = [&env](const auto& done) {
    REQUIRE_FALSE(done);
    says(done.error(), errc::invalid_argument, "statement 2");
    CHECK_THAT(done.error().message, ContainsSubstring("is stored"));
    CHECK(env.rows() == 2);
    env.db.execute("DELETE FROM tx WHERE id = 2").value();
  };
  check(env.by_message(list));
  auto on_lease = [&] { return env.db.acquire().value().transaction(list); };
  check(on_lease());
  list[1] = "ROLLBACK";
  auto undone = env.by_message(list);
  REQUIRE_FALSE(undone);
  says(undone.error(), errc::rolled_back, "statement 2");
  CHECK(code_of(on_lease()) == errc::rolled_back);
  env.is_well_with(1);
}

TEST_CASE("a statement alone must not leave a transaction open", "[V01]") {
  tx_bench env;
  auto check = [](const auto& done) {
    REQUIRE_FALSE(done);
    says(done.error(), errc::invalid_argument, "transaction()");
  };
  check(env.db.execute("BEGIN"));
  check(env.by_message({"BEGIN"}));
  check(env.db.acquire().value().transaction({"BEGIN"}));
  env.is_well_with(1);
  // Who holds the connection may.
  auto grant = env.me.get<lease_grant>(env.db.actors().address, acquire{});
  auto mine = grant.value().lease;
  CHECK(env.by_message({"BEGIN"}, mine));
  CHECK(env.by_message({insert(2)}, mine));
  auto inner = env.by_message({insert(3), insert(4)}, mine);
  REQUIRE_FALSE(inner);
  says(inner.error(), errc::invalid_argument, "already");
  CHECK(env.by_message({"COMMIT"}, mine));
  env.me.tell(env.db.actors().address, release{mine, {}});
  env.is_well_with(2);
}

TEST_CASE("a transaction within another one is refused", "[V01]") {
  tx_bench env;
  {
    auto mine = env.db.acquire().value();
    mine.execute("BEGIN").value();
    mine.execute(insert(2)).value();
    auto inner = mine.transaction({insert(3), insert(4)});
    REQUIRE_FALSE(inner);
    says(inner.error(), errc::invalid_argument, "already");
    mine.execute("COMMIT").value();
  }
  env.is_well_with(2);
  auto done = env.db.transaction([](lease& mine) -> result<void> {
    mine.execute(insert(3)).value();
    CHECK_FALSE(mine.transaction({insert(4), insert(5)}));
    return {};
  });
  CHECK(code_of(done) == errc::rolled_back);
  env.is_well_with(2);
}

TEST_CASE("a commit by hand tells whether everything is stored", "[V01]") {
  tx_bench env;
  auto mine = env.db.acquire().value();
  mine.execute("BEGIN").value();
  mine.execute(insert(2)).value();
  CHECK_FALSE(mine.execute(env.kind.doom));
  auto done = mine.execute("COMMIT");
  REQUIRE_FALSE(done);
  says(done.error(), errc::rolled_back, "");
  // The lease is usable, and what comes now is no part of it.
  CHECK(mine.execute(insert(3)));
  mine.release();
  env.is_well_with(2);
}

TEST_CASE("a function that gives its lease away stores nothing", "[V01]") {
  tx_bench env;
  auto done = env.db.transaction([](lease& mine) -> result<void> {
    mine.execute(insert(2)).value();
    mine.release();
    return {};
  });
  CHECK(code_of(done) == errc::lease_released);
  env.is_well_with(1);
  done = env.db.transaction([](lease& mine) -> result<void> {
    mine.execute(insert(2)).value();
    auto other = std::move(mine);
    other.execute(insert(3)).value();
    return {};
  });
  CHECK(code_of(done) == errc::lease_released);
  env.is_well_with(1);
}

TEST_CASE("a statement that commits on its way is told from one that does not",
          "[V01]") {
  auto fx = scripted_pool{quiet_pool(1)};
  fx.server->answer(backend_call::execute, [](const scripted_record& call) {
    auto answer = scripted_answer{};
    if (call.text == "BEGIN")
      answer.transaction = transaction_status::open;
    else if (call.text != "INSERT")
      answer.transaction = transaction_status::none;
    return answer;
  });
  auto done = fx.db.transaction(heedless({"INSERT", "ALTER", "INSERT"}));
  REQUIRE_FALSE(done);
  says(done.error(), errc::invalid_argument, "statement 2");
  CHECK_THAT(done.error().message, ContainsSubstring("stored if"));
  auto list = fx.db.acquire().value().transaction({"INSERT", "ALTER", "NEVER"});
  REQUIRE_FALSE(list);
  says(list.error(), errc::invalid_argument, "statement 2");
  for (auto& call : fx.server->calls())
    CHECK(call.text != "NEVER");
  CHECK(fx.db.transaction(heedless({"INSERT", "INSERT"})));
  CHECK(at_rest(fx.db));
}

TEST_CASE("a transaction ends at the limit of the call", "[V01]") {
  tx_bench env;
  auto how = acquire_options{};
  how.limit = 1ms;
  auto done = env.db.transaction(
    [&](lease& mine) -> result<void> {
      CHECK(eventually([&] { return !mine.execute("SELECT 1"); }));
      return {};
    },
    how);
  REQUIRE_FALSE(done);
  env.is_well_with(1);
}

TEST_CASE("a backend that has no memory left fails one call", "[V01]") {
  auto fx = scripted_pool{quiet_pool(1)};
  fx.server->answer(backend_call::execute, [](const scripted_record& call) {
    if (call.text == "LARGE")
      throw std::bad_alloc{};
    return scripted_answer{};
  });
  auto check = [&](const auto& done) {
    CHECK(code_of(done) == errc::result_too_large);
    CHECK(at_rest(fx.db));
    CHECK(fx.db.execute("SELECT 1"));
  };
  check(fx.db.execute("LARGE"));
  check([&] { return fx.db.acquire().value().execute("LARGE"); }());
  check([&] {
    return fx.db.acquire().value().transaction({"INSERT", "LARGE", "NEVER"});
  }());
  check(fx.db.transaction([](lease& mine) -> result<void> {
    auto rows = mine.execute("LARGE");
    CHECK(mine.lost());
    return rows ? result<void>{} : rows.error();
  }));
  for (auto& call : fx.server->calls()) {
    CHECK(call.text != "NEVER");
    CHECK(call.text != "COMMIT");
  }
}
