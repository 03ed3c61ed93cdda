// What becomes of a call for whose result there is no memory.

#include "sqlite_bench.hpp"
#include "support/outcome.hpp"

#include <sys/resource.h>

#include <cstdlib>
#include <fstream>
#include <string>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

constexpr std::int64_t mib = 1024 * 1024;

std::int64_t address_space() {
  std::ifstream in{"/proc/self/status"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("VmSize:"))
      return std::stoll(line.substr(7)) * 1024;
  return -1;
}

/// Leaves this process so much more memory while it is alive.
class little_memory {
public:
  explicit little_memory(std::int64_t bytes) {
    REQUIRE(::getrlimit(RLIMIT_AS, &before_) == 0);
    auto tight = before_;
    tight.rlim_cur = static_cast<rlim_t>(address_space() + bytes);
    REQUIRE(::setrlimit(RLIMIT_AS, &tight) == 0);
  }

  ~little_memory() {
    ::setrlimit(RLIMIT_AS, &before_);
  }

  little_memory(const little_memory&) = delete;
  little_memory& operator=(const little_memory&) = delete;

private:
  rlimit before_{};
};

/// The same for SQLite alone.
class little_heap {
public:
  explicit little_heap(std::int64_t bytes) {
    sqlite3_hard_heap_limit64(sqlite3_memory_used() + bytes);
  }

  ~little_heap() {
    sqlite3_hard_heap_limit64(0);
  }

  little_heap(const little_heap&) = delete;
  little_heap& operator=(const little_heap&) = delete;
};

/// Writes rows and returns many cells for each, which are small for SQLite but
/// not for us.
std::string write_much(int rows, int columns) {
  std::string sql
    = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
      "FROM n LIMIT "
      + std::to_string(rows) + ") INSERT INTO t SELECT i FROM n RETURNING x";
  for (int i = 1; i < columns; ++i)
    sql += ",NULL";
  return sql;
}

/// Sanitizers need more memory than that.
bool sanitized() {
  auto* text = std::getenv("CAF_POOL_SANITIZED");
  return text != nullptr && *text != '\0';
}

} // namespace

TEST_CASE("no memory left for a result is an error of one call", "[sqlite]") {
  if (sanitized())
    return;
  sqlite_bench env;
  auto config = sqlite_config(env.folder.file("a.db"));
  config.max_result_bytes = std::uint64_t{1} << 30;
  env.server = make_sqlite(config).value();
  auto conn = env.connect();
  auto other = env.connect();
  SECTION("of a write that returns rows") {
    auto why = [&] {
      little_memory here{100 * mib};
      return failure_of(*conn, write_much(4000, 1900));
    }();
    INFO(to_string(why));
    CHECK(why.code == errc::result_too_large);
    CHECK_THAT(why.message, ContainsSubstring("no memory left"));
  }
  SECTION("within a transaction") {
    run(*conn, "BEGIN");
    run(*conn, "INSERT INTO t VALUES (1)");
    sql_statement echo{"SELECT ?1", {blob(300 * mib)}};
    auto why = [&] {
      little_memory here{100 * mib};
      return failure_of(*conn, echo);
    }();
    CHECK(why.code == errc::result_too_large);
    CHECK(code_of(conn->execute("COMMIT", soon())) == errc::connection_lost);
    conn->close(soon());
    CHECK(value_of<int>(*other, "SELECT count(*) FROM t") == 0);
  }
  // Nobody waits for who failed.
  run(*other, "INSERT INTO t VALUES (1)");
  CHECK(conn->state() == trace::broken);
  conn->close(soon());
}

TEST_CASE("a heap of SQLite's that is full is an error of one call",
          "[sqlite]") {
  sqlite_bench env;
  auto conn = env.connect();
  auto other = env.connect();
  for (auto& sql :
       {std::string{"SELECT hex(zeroblob(50000000))"},
        std::string{"SELECT zeroblob(50000000)"},
        std::string{"INSERT INTO t VALUES (zeroblob(50000000) || 'x') "
                    "RETURNING x"}}) {
    INFO(sql);
    auto why = [&] {
      little_heap here{mib};
      return failure_of(*conn, sql);
    }();
    INFO(to_string(why));
    CHECK(why.code == errc::execute_failed);
    CHECK(why.state == "SQLITE_NOMEM");
    run(*other, "INSERT INTO t VALUES (1)");
    CHECK(conn->state() == trace::clean);
    run(*conn, "DELETE FROM t");
  }
}
