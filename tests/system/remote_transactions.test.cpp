#include "caf_pool/backend/postgres/postgres.hpp"
#include "caf_pool/backend/testing/scripted.hpp"

#include "remote_node.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/outcome.hpp"
#include "support/private_postgres.hpp"

#include <future>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

backend_spec<pg_connection> postgres_spec() {
  auto& server = private_postgres::shared();
  return postgres("host=" + server.socket_dir() + " port="
                  + std::to_string(server.port()) + " user=app dbname=app");
}

/// A client of a node with a pool "main" on a real server, and a table of one
/// row.
struct remote_bench {
  std::string kind = GENERATE(std::string{"sqlite"}, std::string{"postgres"});
  remote_node node;
  remote_client db = connected();

  remote_client connected() {
    UNSCOPED_INFO(kind);
    if (kind == "sqlite") {
      node.add_sqlite("main");
    } else {
      auto spec = postgres_spec();
      spec.config.name = "main";
      spec.config.backend = "postgres";
      spec.config.max_size = 2;
      node.add_pool(spec.config, spec.backend);
    }
    return node.client();
  }

  remote_bench() {
    db.execute("main", "DROP TABLE IF EXISTS tx").value();
    db.execute("main", "CREATE TABLE tx (id INTEGER PRIMARY KEY)").value();
    db.execute("main", insert(1)).value();
  }

  static sql_statement insert(int id) {
    return {"INSERT INTO tx VALUES ($1)", {id}};
  }

  std::int64_t rows() {
    return db.execute("main", "SELECT count(*) FROM tx")
      .value()[0][0]
      .as<std::int64_t>();
  }
};

template <class T>
void says(const result<T>& x, errc code, const std::string& words) {
  REQUIRE_FALSE(x);
  INFO(to_string(x.error()));
  CHECK(x.error().code == code);
  CHECK_THAT(x.error().message, ContainsSubstring(words));
}

} // namespace

TEST_CASE("a remote list that ends its transaction half-way stops there",
          "[V01]") {
  remote_bench env;
  auto lists = [&](auto&& send) {
    using list = std::vector<sql_statement>;
    auto insert = remote_bench::insert;
    says(send(list{insert(2), "COMMIT", insert(3)}), errc::invalid_argument,
         "statement 2");
    CHECK(env.rows() == 2);
    says(send(list{insert(3), "ROLLBACK", insert(4)}), errc::rolled_back,
         "statement 2");
    CHECK(env.rows() == 2);
    CHECK(send(list{"DELETE FROM tx WHERE id = 2", insert(5),
                    "DELETE FROM tx WHERE id = 5"}));
    CHECK(env.rows() == 1);
  };
  lists([&](const auto& x) { return env.db.transaction("main", x); });
  lists([&](const auto& x) { return env.db.execute_later("main", x).get(); });
  auto mine = env.db.acquire("main").value();
  lists([&](const auto& x) { return mine.transaction(x); });
}

TEST_CASE("a remote statement alone must not leave a transaction open",
          "[V01]") {
  remote_bench env;
  says(env.db.execute("main", "BEGIN"), errc::invalid_argument,
       "transaction()");
  auto mine = env.db.acquire("main").value();
  CHECK(mine.execute("BEGIN"));
  CHECK(mine.execute(remote_bench::insert(2)));
  says(mine.transaction({remote_bench::insert(3), remote_bench::insert(4)}),
       errc::invalid_argument, "already");
  CHECK(mine.execute("COMMIT"));
  CHECK(env.rows() == 2);
}

TEST_CASE("a remote commit tells whether everything is stored", "[V01]") {
  remote_bench env;
  auto mine = env.db.acquire("main").value();
  CHECK(mine.execute("BEGIN"));
  CHECK(mine.execute(remote_bench::insert(2)));
  auto doom = env.kind == "sqlite" ? "INSERT OR ROLLBACK INTO tx VALUES (1)"
                                   : "INSERT INTO tx VALUES (1)";
  CHECK_FALSE(mine.execute(doom));
  says(mine.execute("COMMIT"), errc::rolled_back, "");
  CHECK(mine.execute(remote_bench::insert(3)));
  CHECK(env.rows() == 2);
}

TEST_CASE("warnings and rows of no columns travel") {
  remote_node node;
  auto server = std::make_shared<scripted_backend>();
  auto answer = scripted_answer{};
  answer.rows.bare_rows = 3;
  answer.rows.warnings = {{"the table is old", "01000"}};
  server->answer(backend_call::execute, answer);
  auto config = pool_config{};
  config.name = "main";
  node.add_pool(config, server);
  auto rows = node.client().execute("main", "SELECT").value();
  CHECK(rows.size() == 3);
  REQUIRE(rows.warnings.size() == 1);
  CHECK(rows.warnings[0].text == "the table is old");
  CHECK(rows.warnings[0].state == "01000");
}

TEST_CASE("values travel exactly, to a server and back", "[V11]") {
  remote_bench env;
  auto cast = env.kind == "postgres" ? "SELECT $1::numeric, $2::float8"
                                     : "SELECT $1, $2";
  auto large = std::numeric_limits<std::int64_t>::min();
  auto rows = env.db.execute("main", {cast, {large, -0.0}}).value();
  CHECK(rows[0][0].as<std::int64_t>() == large);
  CHECK(std::signbit(rows[0][1].as<double>()));
  auto most = std::numeric_limits<std::uint64_t>::max();
  auto answer = env.db.execute("main", {cast, {most, 0.1}});
  if (env.kind == "postgres")
    CHECK(answer.value()[0][0].as<std::uint64_t>() == most);
  else
    says(answer, errc::invalid_argument, "9223372036854775807");
}

TEST_CASE("remote limits may be the longest, or none at all", "[T10]") {
  remote_node node;
  node.add_sqlite("main");
  auto db = node.client(operator_token);
  constexpr auto for_ever = duration::max();
  CHECK(db.execute("main", "SELECT 1", for_ever));
  CHECK(db.transaction("main", {"SELECT 1", "SELECT 2"}, for_ever));
  CHECK(db.execute_later("main", {"SELECT 1"}, for_ever).get());
  {
    auto how = remote_acquire_options{};
    how.wait = for_ever;
    how.expected = for_ever;
    auto mine = db.acquire("main", how).value();
    CHECK(mine.execute("SELECT 1", for_ever));
    CHECK(mine.transaction({"SELECT 1", "SELECT 2"}, for_ever));
    for (auto limit : {duration{0}, duration{-1}, duration::min()}) {
      CHECK(code_of(mine.execute("SELECT 1", limit)) == errc::execute_timeout);
      CHECK(code_of(db.execute("main", "SELECT 1", limit))
            == errc::execute_timeout);
      CHECK(code_of(db.execute_later("main", {"SELECT 1"}, limit).get())
            == errc::execute_timeout);
      CHECK(code_of(db.acquire("main", limit)) == errc::acquire_timeout);
      std::promise<result<remote_lease>> outcome;
      how.wait = limit;
      db.acquire_async(
        "main",
        [&](result<remote_lease> x) { outcome.set_value(std::move(x)); }, how);
      CHECK(code_of(outcome.get_future().get()) == errc::acquire_timeout);
    }
    CHECK(mine.execute("SELECT 1"));
  }
  CHECK(db.control("main", verb::pause, for_ever));
  CHECK(db.control("main", verb::resume, duration::min()));
  CHECK(db.control("main", verb::drain, for_ever));
}
