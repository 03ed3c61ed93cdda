// All or nothing: a transaction is a function. If it returns an error or
// throws, everything it did is rolled back.

#include "caf_pool/pool.hpp"
#include "caf_pool/sqlite.hpp"

#include <iostream>

namespace {

using caf_pool::errc;
using caf_pool::error;
using caf_pool::lease;
using caf_pool::result;

result<void> transfer(lease& db, int from, int to, int amount) {
  auto taken
    = db.execute({"UPDATE account SET balance = balance - $1 "
                  "WHERE id = $2 AND balance >= $1",
                  {amount, from}});
  if (!taken)
    return taken.error();
  if (taken->affected == 0)
    return error{errc::invalid_argument, "not enough money", {}};
  auto given = db.execute(
    {"UPDATE account SET balance = balance + $1 WHERE id = $2", {amount, to}});
  if (!given)
    return given.error();
  return {};
}

} // namespace

int main() {
  caf_pool::pool db{caf_pool::sqlite(":memory:")};
  db.execute("CREATE TABLE account (id INTEGER, balance INTEGER)").value();
  db.execute("INSERT INTO account VALUES (1, 100), (2, 0)").value();

  for (auto amount : {70, 70}) {
    auto done = db.transaction(
      [amount](lease& conn) { return transfer(conn, 1, 2, amount); });
    std::cout << (done ? "done" : done.error().message) << '\n';
  }

  auto rows = db.execute("SELECT balance FROM account ORDER BY id").value();
  for (auto row : rows)
    std::cout << row["balance"].as<int>() << '\n';
}
