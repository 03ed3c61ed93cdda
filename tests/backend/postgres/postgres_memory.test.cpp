#include "backend/postgres/postgres_support.hpp"
#include "support/process.hpp"

#include <sys/resource.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <new>
#include <stdexcept>
#include <string>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

constexpr std::int64_t mib = 1 << 20;
constexpr std::int64_t limit = 32 * mib;

// One of the figures of /proc/self/status, in bytes.
std::int64_t status_of(const std::string& key) {
  std::ifstream in{"/proc/self/status"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(key + ':'))
      return std::stoll(line.substr(key.size() + 1)) * 1024;
  return -1;
}

void forget_peak() {
  std::ofstream{"/proc/self/clear_refs"} << "5";
}

std::string variable(const char* name) {
  auto* text = std::getenv(name);
  return text != nullptr ? text : "";
}

bool sanitized() {
  return !variable("CAF_POOL_SANITIZED").empty();
}

pool_config child_config() {
  pool_config config;
  config.backend = "postgres";
  config.options = {{"host", variable("MEMORY_HOST")},
                    {"port", variable("MEMORY_PORT")},
                    {"user", "app"},
                    {"database", "app"}};
  config.max_result_bytes = static_cast<std::uint64_t>(limit);
  return config;
}

// Runs a test of this program in a process of its own.
void run_child(const std::string& test, const std::string& sql) {
  auto& server = private_postgres::shared();
  auto child
    = run({.command = {"/proc/self/exe", test},
           .environment = {{"MEMORY_HOST", server.socket_dir()},
                           {"MEMORY_PORT", std::to_string(server.port())},
                           {"MEMORY_SQL", sql}}},
          {}, 5 * patience);
  INFO(sql << '\n' << child.out << child.err);
  CHECK(child.status == 0);
  CHECK_THAT(child.out, ContainsSubstring("All tests passed"));
}

} // namespace

// -- in processes of their own ------------------------------------------------

TEST_CASE("memory: a child that reads") {
  if (variable("MEMORY_HOST").empty())
    return;
  auto server = make(child_config());
  auto conn = server->open(soon()).value();
  must(*conn, "SELECT 1");
  forget_peak();
  auto before = status_of("VmHWM");
  sql_statement what{variable("MEMORY_SQL")};
  for (int i = 0; i < 2; ++i) {
    auto rows = conn->execute(what, soon());
    if (!rows)
      CHECK(rows.error().code == errc::result_too_large);
    if (conn->state() != trace::clean) {
      if (!conn->reset(reset_policy::automatic, soon())) {
        conn->close(soon());
        conn = server->open(soon()).value();
      }
    }
  }
  auto grown = (status_of("VmHWM") - before) / mib;
  INFO("the peak grew by " << grown << " MiB");
  CHECK(grown <= 48);
  CHECK(eventually([&] { return status_of("VmRSS") < before + 24 * mib; }));
}

TEST_CASE("memory: a child that has little") {
  if (variable("MEMORY_HOST").empty())
    return;
  auto server = make(child_config());
  auto conn = server->open(soon()).value();
  must(*conn, "SELECT 1");
  rlimit more{};
  REQUIRE(::getrlimit(RLIMIT_AS, &more) == 0);
  auto tight = more;
  tight.rlim_cur = static_cast<rlim_t>(status_of("VmSize") + 20 * mib);
  REQUIRE(::setrlimit(RLIMIT_AS, &tight) == 0);
  auto rows = conn->execute({variable("MEMORY_SQL")}, soon());
  REQUIRE(::setrlimit(RLIMIT_AS, &more) == 0);
  REQUIRE_FALSE(rows);
  INFO(to_string(rows.error()));
  CHECK(rows.error().code == errc::result_too_large);
  CHECK_THAT(rows.error().message, ContainsSubstring("memory"));
  // One call failed, not the program.
  conn->close(soon());
  conn = server->open(soon()).value();
  CHECK(number_of(*conn, "SELECT 1") == 1);
}

TEST_CASE("memory: a child that has little to send with") {
  if (variable("MEMORY_HOST").empty())
    return;
  auto conn = make(child_config())->open(soon()).value();
  must(*conn, "SELECT 1");
  sql_statement what{variable("MEMORY_SQL"), {std::string(30 << 20, 'x')}};
  rlimit more{};
  REQUIRE(::getrlimit(RLIMIT_AS, &more) == 0);
  auto tight = more;
  tight.rlim_cur = static_cast<rlim_t>(status_of("VmSize") + 20 * mib);
  REQUIRE(::setrlimit(RLIMIT_AS, &tight) == 0);
  auto rows = conn->execute(what, soon());
  REQUIRE(::setrlimit(RLIMIT_AS, &more) == 0);
  REQUIRE_FALSE(rows);
  INFO(to_string(rows.error()));
  CHECK(rows.error().code == errc::result_too_large);
  CHECK_THAT(rows.error().message, ContainsSubstring("nothing was sent"));
  CHECK(conn->state() == trace::broken);
}

// -- their tests --------------------------------------------------------------

TEST_CASE("a result takes no more than half above the limit, and gives it back",
          "[postgres]") {
  if (sanitized())
    return;
  for (auto* sql : {
         // Far too large: by one row, by the last of some, by many rows, by
         // small cells, by columns.
         "SELECT repeat('x', 100000000)",
         "SELECT decode(repeat('00', 50000000), 'hex')",
         "SELECT repeat('x', CASE i WHEN 25 THEN 100000000 ELSE 1000000 END) "
         "FROM generate_series(1, 25) i",
         "SELECT repeat('x', 1000) FROM generate_series(1, 100000)",
         "SELECT i FROM generate_series(1, 3000000) i",
         "SELECT NULL, NULL, 1, i FROM generate_series(1, 1500000) i",
         "SELECT repeat('x', 20) FROM generate_series(1, 1500000) i",
         "SELECT decode(repeat('00', 500), 'hex') FROM "
         "generate_series(1, 150000)",
         // Just within it.
         "SELECT repeat('x', 1000) FROM generate_series(1, 30000)",
         "SELECT i FROM generate_series(1, 800000) i",
         "SELECT repeat('x', 22000000)",
         "SELECT decode(repeat('00', 10000000), 'hex')",
       })
    run_child("memory: a child that reads", sql);
}

TEST_CASE("no memory left is an error of one call", "[postgres]") {
  if (sanitized())
    return;
  for (auto* sql : {"SELECT repeat('x', 1000) FROM generate_series(1, 30000)",
                    "SELECT repeat('x', 25000000)",
                    "SELECT i FROM generate_series(1, 800000) i"})
    run_child("memory: a child that has little", sql);
}

TEST_CASE("no memory left for a statement is no doubt", "[postgres]") {
  if (!sanitized())
    run_child("memory: a child that has little to send with",
              "DELETE FROM pg_class WHERE relname = $1");
}

TEST_CASE("a backend that has no memory left is no defect") {
  CHECK(backend_threw(std::bad_alloc{}).code == errc::result_too_large);
  CHECK(backend_threw(std::runtime_error{"x"}).code == errc::internal);
}

TEST_CASE("a connection with large buffers is replaced after its lease",
          "[postgres]") {
  auto conn = open_one();
  std::string large(20 << 20, 'x');
  SECTION("of a parameter") {
    CHECK(number_of(*conn, {"SELECT length($1)", {large}}) == 20 << 20);
  }
  SECTION("of a row") {
    CHECK(text_of(*conn, "SELECT repeat('x', 20971520)") == large);
  }
  // Its holder may go on, and its transaction is whole.
  CHECK(number_of(*conn, "SELECT 1") == 1);
  CHECK(conn->state() == trace::dirty);
  auto reset = conn->reset(reset_policy::automatic, soon());
  REQUIRE_FALSE(reset);
  CHECK(reset.error().code == errc::closed);
}
