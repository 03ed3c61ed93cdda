// Makes the first, second, third, ... call of SQLite to the operating system
// fail, as SQLite's own tests do.

#include "failing_sqlite.hpp"
#include "sqlite_support.hpp"

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

/// What a holder was told.
struct story {
  bool committed = false;
  bool in_doubt = false;
  bool failed = false;
  std::vector<error> errors;

  template <class T>
  bool tell(const result<T>& x) {
    if (x)
      return true;
    failed = true;
    in_doubt |= x.error().code == errc::outcome_unknown;
    errors.push_back(x.error());
    return false;
  }
};

/// Opens a connection, inserts a row in a transaction, and gives it back.
story tell_story(backend& server) {
  story told;
  // Long enough for a busy machine, and nothing in it has to wait.
  auto opened = server.open(soon());
  if (!told.tell(opened))
    return told;
  auto conn = *std::move(opened);
  auto exec = [&](const sql_statement& stmt) {
    return told.tell(conn->execute(stmt, clock::now() + 2s));
  };
  if (exec("CREATE TABLE IF NOT EXISTS t (x)") && exec("BEGIN")
      && exec("DELETE FROM t")
      && exec({"INSERT INTO t VALUES (?)", {std::string(20'000, 'x')}})
      && exec("SELECT * FROM t"))
    told.committed = exec("COMMIT");
  // The bare handle makes the reset take a fresh one.
  conn->native_handle();
  if (conn->state() != trace::broken
      && told.tell(conn->reset(reset_policy::automatic, soon())))
    told.tell(conn->probe(soon()));
  conn->close(soon());
  return told;
}

/// Shows that the errors were proper ones and that the file is in order.
void check_story(const story& told, backend& server) {
  for (auto& why : told.errors) {
    INFO(to_string(why));
    CHECK(why.code != errc::internal);
    CHECK_FALSE(why.message.empty());
  }
  auto conn = open(server);
  CHECK(value_of<std::string>(*conn, "PRAGMA integrity_check") == "ok");
  if (told.in_doubt)
    return;
  auto tables = value_of<int>(*conn, "SELECT count(*) FROM sqlite_master");
  auto rows = tables == 0 ? 0 : value_of<int>(*conn, "SELECT count(*) FROM t");
  CHECK(rows == (told.committed ? 1 : 0));
}

template <class Fault>
int sweep(bool wal, bool for_good) {
  int n = 0;
  for (bool failed = true; failed;) {
    ++n;
    INFO("call " << n << (for_good ? " and all after it" : "")
                 << (wal ? " with" : " without") << " write-ahead log");
    temp_folder folder;
    auto config = sqlite_config(folder.file("a.db"));
    config.options["wal"] = wal ? "true" : "false";
    auto before = sqlite3_memory_used();
    {
      Fault fault{static_cast<std::uint64_t>(n), for_good};
      auto server = make_sqlite(config).value();
      auto told = tell_story(*server);
      failed = fault.failed();
      fault.stop();
      check_story(told, *server);
      if (!failed)
        CHECK_FALSE(told.failed);
    }
    CHECK(sqlite3_memory_used() == before);
    REQUIRE(n < 5000);
  }
  return n;
}

} // namespace

TEST_CASE("whichever call to the system fails, nothing is lost or doubled",
          "[sqlite][D02][trap-T41]") {
  for (bool wal : {true, false})
    for (bool for_good : {false, true})
      CHECK(sweep<failing_files>(wal, for_good) > 20);
}

TEST_CASE("whenever memory runs out, nothing is lost or doubled",
          "[sqlite][D02]") {
  for (bool for_good : {false, true})
    CHECK(sweep<failing_memory>(true, for_good) > 50);
}
