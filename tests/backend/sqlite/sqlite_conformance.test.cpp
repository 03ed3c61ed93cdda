#include "sqlite_support.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

TEST_CASE("SQLite in a file conforms",
          "[sqlite][conformance][trap-T16][trap-T17][V01][V11]") {
  temp_folder folder;
  auto what = sqlite_statements_for_conformance();
  what.make = [&] { return make_sqlite_at(folder.file("a.db")); };
  what.make_unreachable
    = [&] { return make_sqlite_at(folder.file("no/such/folder/a.db")); };
  run_conformance(what);
}

TEST_CASE("SQLite in a file without a write-ahead log conforms",
          "[sqlite][conformance]") {
  temp_folder folder;
  auto what = sqlite_statements_for_conformance();
  what.make = [&] {
    auto config = sqlite_config(folder.file("a.db"));
    config.options["wal"] = "false";
    return make_sqlite(config).value();
  };
  run_conformance(what);
}

TEST_CASE("SQLite in memory conforms", "[sqlite][conformance]") {
  auto what = sqlite_statements_for_conformance();
  what.make = [] { return make_sqlite_at(":memory:"); };
  run_conformance(what);
}
