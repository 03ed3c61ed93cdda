#include "support/conformance_bench.hpp"

namespace caf_pool::test {

void bench::works(connection& conn) {
  auto alive = conn.probe(soon());
  INFO(message(alive));
  CHECK(alive);
  CHECK(conn.state() != trace::broken);
  if (has(what_.get_one)) {
    auto rows = run(conn, what_.get_one);
    INFO(message(rows));
    REQUIRE(rows);
    REQUIRE(rows->size() == 1);
    CHECK((*rows)[0][0].get<std::int64_t>() == 1);
  }
}

void bench::is_gone(connection& conn) {
  CHECK(conn.state() == trace::broken);
  CHECK_FALSE(conn.probe(soon()));
  CHECK_FALSE(conn.reset(reset_policy::full, soon()));
  if (has(what_.get_one))
    CHECK_FALSE(run(conn, what_.get_one));
  CHECK(conn.state() == trace::broken);
  conn.cancel();
  conn.abort();
}

void bench::reset(connection& conn, reset_policy policy) {
  auto done = conn.reset(policy, soon());
  INFO(message(done));
  REQUIRE(done);
  CHECK(conn.state() == trace::clean);
}

void bench::left_nothing(connection& conn) {
  if (what_.is_never_in_doubt || conn.state() != trace::dirty)
    CHECK(conn.state() == trace::clean);
  else
    reset(conn, reset_policy::automatic);
}

} // namespace caf_pool::test
