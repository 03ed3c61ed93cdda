// A pool in a program without actors: execute, lease, and look at it.

#include "caf_pool/pool.hpp"
#include "caf_pool/sqlite.hpp"

#include <iostream>

using namespace std::chrono_literals;

int main() {
  caf_pool::pool db{caf_pool::sqlite(":memory:")};

  // One statement: acquire, execute and release in one call.
  db.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)").value();
  db.execute("INSERT INTO item (name) VALUES ($1)", {"lamp"}).value();

  // Several statements on one connection: a lease, given back by itself.
  if (auto held = db.acquire(30s)) {
    auto rows = held->execute("SELECT id, name FROM item", 10s);
    for (auto row : rows.value())
      std::cout << row["id"].as<int>() << ' ' << row["name"].as<std::string>()
                << '\n';
  } else {
    std::cerr << held.error().message << '\n'; // says what to do about it
  }

  auto now = db.snapshot().value();
  std::cout << to_string(now.status) << ": " << now.counters.acquired
            << " acquired, " << now.gauges.idle << " idle\n";
}
