#include "pg_raw.hpp"

#include <libpq-fe.h>

#include <cstdlib>
#include <stdexcept>

namespace caf_pool::bench {

void raw_postgres::closer::operator()(pg_conn* x) const noexcept {
  PQfinish(x);
}

void raw_postgres::closer::operator()(pg_result* x) const noexcept {
  PQclear(x);
}

raw_postgres::raw_postgres(const std::string& conninfo)
  : conn_(PQconnectdb(conninfo.c_str())) {
  if (PQstatus(conn_.get()) != CONNECTION_OK)
    throw std::runtime_error{PQerrorMessage(conn_.get())};
}

bool raw_postgres::serves(const std::string& conninfo) {
  return PQping(conninfo.c_str()) == PQPING_OK;
}

raw_postgres::answer raw_postgres::check(pg_result* x) {
  auto result = answer{x};
  auto status = PQresultStatus(x);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
    throw std::runtime_error{PQerrorMessage(conn_.get())};
  return result;
}

std::int64_t raw_postgres::number(answer x) {
  if (PQntuples(x.get()) != 1)
    throw std::runtime_error{"not one row"};
  return std::atoll(PQgetvalue(x.get(), 0, 0));
}

void raw_postgres::prepare() {
  check(PQprepare(conn_.get(), "select", select_text, 1, nullptr));
}

std::int64_t raw_postgres::select_prepared(std::int64_t id) {
  auto text = std::to_string(id);
  auto* value = text.c_str();
  return number(check(
    PQexecPrepared(conn_.get(), "select", 1, &value, nullptr, nullptr, 0)));
}

std::int64_t raw_postgres::select_once(std::int64_t id) {
  auto text = std::to_string(id);
  auto* value = text.c_str();
  return number(check(PQexecParams(conn_.get(), select_text, 1, nullptr, &value,
                                   nullptr, nullptr, 0)));
}

std::string raw_postgres::run(const std::string& sql) {
  auto x = check(PQexec(conn_.get(), sql.c_str()));
  if (PQntuples(x.get()) == 0 || PQnfields(x.get()) == 0)
    return {};
  return PQgetvalue(x.get(), 0, 0);
}

void fill(const std::string& conninfo) {
  raw_postgres db{conninfo};
  db.run("SET client_min_messages = warning");
  db.run(
    "CREATE TABLE IF NOT EXISTS bench_account (id bigint PRIMARY KEY, "
    "balance bigint NOT NULL)");
  db.run("INSERT INTO bench_account SELECT i, 2 * i FROM generate_series(1, "
         + std::to_string(accounts) + ") AS i ON CONFLICT DO NOTHING");
  db.run("ANALYZE bench_account");
}

} // namespace caf_pool::bench
