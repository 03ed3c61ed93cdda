#pragma once

#include "caf_pool/backend/postgres/postgres.hpp"

#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/private_postgres.hpp"
#include "support/time_of.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace caf_pool::test {

using namespace std::chrono_literals;

/// Settings of a pool on a private server, by its unix socket.
inline pool_config config_for(const private_postgres& server) {
  pool_config result;
  result.backend = "postgres";
  result.options = {{"host", server.socket_dir()},
                    {"port", std::to_string(server.port())},
                    {"user", "app"},
                    {"database", "app"}};
  return result;
}

inline pool_config shared_config() {
  return config_for(private_postgres::shared());
}

/// The same by TCP.
inline pool_config tcp_config(const private_postgres& server,
                              std::string host = "127.0.0.1") {
  auto result = config_for(server);
  result.options["host"] = std::move(host);
  return result;
}

inline time_point soon(duration x = patience) {
  return clock::now() + x;
}

inline backend_ptr make(const pool_config& config) {
  return make_postgres(config).value();
}

inline connection_ptr open_one(const pool_config& config = shared_config()) {
  return make(config)->open(soon()).value();
}

/// Runs a statement that must work.
inline sql_result must(connection& x, const sql_statement& what,
                       duration limit = patience) {
  auto result = x.execute(what, soon(limit));
  if (!result)
    FAIL(what.text << ": " << to_string(result.error()));
  return *std::move(result);
}

/// Returns the only cell of a result.
inline sql_value one_cell(const sql_result& x) {
  REQUIRE(x.cells.size() == 1);
  return x.cells[0];
}

inline std::string text_of(connection& x, const sql_statement& what) {
  return sql_cell{one_cell(must(x, what))}.as<std::string>();
}

inline std::int64_t number_of(connection& x, const sql_statement& what) {
  return sql_cell{one_cell(must(x, what))}.as<std::int64_t>();
}

/// Returns the error of a statement that must fail.
inline error error_of(connection& x, const sql_statement& what,
                      duration limit = patience) {
  auto result = x.execute(what, soon(limit));
  REQUIRE_FALSE(result);
  INFO(to_string(result.error()));
  return result.error();
}

inline std::int64_t backend_pid(connection& x) {
  return number_of(x, "SELECT pg_backend_pid()");
}

/// Tries connections until one survives `f`, which tells whether its own did: a
/// server that gets no time to stop a statement in is given up, rightly so.
template <class F>
bool one_survives(F f, const pool_config& config = shared_config()) {
  return eventually([&] { return f(*open_one(config)); });
}

/// Waits until the server runs `text` for somebody.
inline bool runs(std::string_view text) {
  return eventually([&] {
    return private_postgres::shared().query(
             "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND "
             "state = 'active' AND query LIKE '%"
             + std::string{text} + "%'")
           != "0";
  });
}

} // namespace caf_pool::test
