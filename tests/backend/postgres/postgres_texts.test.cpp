#include "backend/postgres/postgres_support.hpp"
#include "support/free_port.hpp"

#include <set>
#include <string>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

// The parts of a text that say something, without their ends.
std::vector<std::string> parts_of(std::string text) {
  for (std::string_view end : {"; ", ". ", ": ", ":  ", " (", "\n"})
    for (auto i = text.find(end); i != text.npos; i = text.find(end, i))
      text.replace(i, end.size(), 1, '\0');
  std::vector<std::string> result;
  for (std::size_t first = 0; first < text.size();) {
    auto last = std::min(text.find('\0', first), text.size());
    constexpr std::size_t shortest = 12;
    if (last - first >= shortest)
      result.push_back(text.substr(first, last - first));
    first = last + 1;
  }
  return result;
}

void check_text(const error& why) {
  INFO(to_string(why));
  CHECK_FALSE(why.message.empty());
  for (auto& part : parts_of(why.message)) {
    INFO(part);
    CHECK(why.message.find(part) == why.message.rfind(part));
  }
}

template <class T>
void check_refused(const result<T>& x) {
  REQUIRE_FALSE(x);
  check_text(x.error());
}

} // namespace

TEST_CASE("no text of an error says a thing twice: connections that are lost",
          "[postgres]") {
  auto conn = open_one();
  must(*conn, "SELECT 1");
  auto open = GENERATE(false, true);
  if (open)
    must(*conn, "BEGIN");
  private_postgres::shared().terminate_backends();
  SECTION("found by a probe") {
    check_refused(conn->probe(soon()));
  }
  SECTION("found by a reset") {
    check_refused(conn->reset(reset_policy::full, soon()));
  }
  SECTION("found by a restriction") {
    check_refused(conn->restrict_to_reads(soon()));
  }
  SECTION("found by a statement that reads") {
    check_refused(conn->execute("SELECT 1", soon()));
  }
  SECTION("found by a statement that writes") {
    check_refused(conn->execute("DELETE FROM nowhere", soon()));
  }
  SECTION("found by a commit") {
    check_refused(conn->execute("COMMIT", soon()));
  }
  // And each time that somebody tries again.
  for (int i = 0; i < 3; ++i) {
    check_refused(conn->execute("SELECT 1", soon()));
    check_refused(conn->probe(soon()));
    check_refused(conn->reset(reset_policy::automatic, soon()));
  }
}

TEST_CASE("no text of an error says a thing twice: sessions that end",
          "[postgres]") {
  auto conn = open_one();
  auto restricted = GENERATE(false, true);
  if (restricted)
    REQUIRE(conn->restrict_to_reads(soon()));
  SECTION("by themselves") {
    check_refused(conn->execute(
      "SELECT pg_terminate_backend(pg_backend_pid())", soon()));
  }
  SECTION("at a limit of the session") {
    must(*conn, "SET statement_timeout = 50");
    check_refused(conn->execute("SELECT pg_sleep(300)", soon()));
  }
  SECTION("with a server that does not answer") {
    frozen server{private_postgres::shared()};
    check_refused(conn->execute("DELETE FROM nowhere", soon(50ms)));
    check_refused(conn->execute("SELECT 1", soon()));
  }
  check_text(error_of(*conn, "SELECT 1 FROM nowhere"));
}

TEST_CASE("no text of an error says a thing twice: statements", "[postgres]") {
  auto config = shared_config();
  config.max_result_bytes = 1 << 20;
  auto conn = open_one(config);
  for (auto sql : {"SELEC", "SELECT nothing", "SELECT 1/0", "SELECT 'x'::int",
                   "SELECT * FROM nowhere", "SELECT $1::int", "COPY t TO STDOUT",
                   "SELECT lowr('x')", "DO $$ BEGIN RAISE 'a' USING DETAIL = "
                   "'same words', HINT = 'same words'; END $$",
                   "SELECT generate_series(1, 1000000)"}) {
    INFO(sql);
    check_refused(conn->execute(sql, soon()));
  }
  must(*conn, "BEGIN");
  check_refused(conn->execute("SELECT * FROM nowhere", soon()));
  check_refused(conn->execute("SELECT 1", soon()));
  check_refused(conn->execute("COMMIT", soon()));
  check_refused(conn->execute("SELECT pg_sleep(300)", soon(50ms)));
}

TEST_CASE("no text of an error says a thing twice: logins", "[postgres]") {
  auto config = tcp_config(private_postgres::shared());
  SECTION("to a port where nobody listens") {
    config.options["port"] = std::to_string(free_port());
  }
  SECTION("to a host of two addresses") {
    config.options["host"] = "localhost";
    config.options["port"] = std::to_string(free_port());
  }
  SECTION("with a wrong password, with and without TLS") {
    config.options["user"] = "guarded";
    config.options["sslmode"] = "prefer";
    config.password = secret{"wrong words"};
  }
  SECTION("to a database that is not there") {
    config.options["database"] = "nowhere to be found";
  }
  SECTION("by a role that is not there") {
    config.options["user"] = "nobody of that name";
  }
  check_refused(make(config)->open(soon()));
}
