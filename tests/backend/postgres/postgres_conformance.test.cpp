#include "backend/postgres/postgres_support.hpp"
#include "support/conformance.hpp"
#include "support/free_port.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

TEST_CASE("PostgreSQL keeps every promise of a backend", "[postgres]") {
  backend_under_test what;
  what.make = [] {
    auto config = shared_config();
    config.max_result_bytes = 1 << 20;
    return make(config);
  };
  what.make_unreachable = [] {
    auto config = tcp_config(private_postgres::shared());
    config.options["port"] = std::to_string(free_port());
    return make(config);
  };
  what.get_one = "SELECT 1";
  what.drop_table = "DROP TABLE IF EXISTS conformance";
  what.create_table
    = "CREATE TABLE conformance (id bigint PRIMARY KEY, value text)";
  what.insert = [](std::int64_t id, sql_parameter value) {
    return sql_statement{"INSERT INTO conformance VALUES ($1, $2)",
                         {id, value}};
  };
  what.select_all = "SELECT id, value FROM conformance ORDER BY id";
  what.echo = [](std::int64_t i, double d, std::string s, std::nullptr_t n) {
    return sql_statement{"SELECT $1::bigint, $2::float8, $3::text, $4::text",
                         {i, d, std::move(s), n}};
  };
  what.echo_bytes = [](blob x) {
    return sql_statement{"SELECT $1::bytea", {std::move(x)}};
  };
  what.echo_value = [](sql_value x) {
    // In the order of the alternatives of a value.
    constexpr const char* types[]{"text", "bool",  "bigint", "float8",
                                  "text", "bytea", "numeric"};
    auto type = std::string{types[x.index()]};
    return sql_statement{"SELECT $1::" + type, {std::move(x)}};
  };
  what.refuses = [](const sql_value& x) {
    auto* text = std::get_if<std::string>(&x);
    return text != nullptr && text->find('\0') != text->npos;
  };
  what.three_bare_rows = "SELECT FROM generate_series(1, 3)";
  what.doom = [](std::int64_t id) {
    return sql_statement{"INSERT INTO conformance VALUES ($1, '')", {id}};
  };
  what.slow = "SELECT pg_sleep(300)";
  what.bad = "SELEC 1";
  what.two_at_once = "SELECT 1; SELECT 2";
  what.without_parameters = "SELECT $1::int";
  what.too_large = "SELECT repeat('x', 1000) FROM generate_series(1, 10000)";
  what.leave_trace = "SET search_path TO left_behind";
  what.see_trace
    = "SELECT 1 WHERE current_setting('search_path') = 'left_behind'";
  what.begin = "BEGIN";
  what.commit = "COMMIT";
  what.rollback = "ROLLBACK";
  what.is_never_in_doubt = false;
  run_conformance(what);
}
