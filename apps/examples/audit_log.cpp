// An audit database: who changed what. The entry is stored in the transaction
// of the change, so that there is neither without the other, and is read by
// leases that cannot write. On SQLite in memory, or on the PostgreSQL that an
// argument names ("postgres://app@localhost/shop").

#include "caf_pool/pool.hpp"
#include "caf_pool/sqlite.hpp"
#if CAF_POOL_WITH_POSTGRES
#  include "caf_pool/postgres.hpp"
#endif

#include <functional>
#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace caf_pool;

class audit_log {
public:
  explicit audit_log(any_pool& db) : db_(db) {
    // nop
  }

  result<void> create() {
    for (auto* sql :
         {"CREATE TABLE IF NOT EXISTS audit (who TEXT NOT NULL, what TEXT NOT "
          "NULL)",
          "CREATE TABLE IF NOT EXISTS stock (item TEXT PRIMARY KEY, "
          "pieces BIGINT CHECK (pieces >= 0))",
          "DELETE FROM audit", "DELETE FROM stock",
          "INSERT INTO stock VALUES ('lamp', 3)"})
      if (auto done = db_.execute(sql_statement{sql}); !done)
        return done.error();
    return {};
  }

  /// Makes a change and notes it: both or none.
  result<void> change(const std::string& who, const std::string& what,
                      const std::function<result<void>(lease&)>& work) {
    return db_.transaction([&](lease& conn) -> result<void> {
      if (auto done = work(conn); !done)
        return done.error();
      auto noted
        = conn.execute({"INSERT INTO audit VALUES ($1, $2)", {who, what}});
      if (!noted)
        return noted.error();
      return {};
    });
  }

  /// Whoever reads an audit must not be able to change it.
  result<std::vector<std::string>> entries() {
    acquire_options options;
    options.read_only = true;
    auto conn = db_.acquire(options);
    if (!conn)
      return conn.error();
    auto rows = conn->execute("SELECT who, what FROM audit ORDER BY what");
    if (!rows)
      return rows.error();
    std::vector<std::string> xs;
    for (auto row : *rows)
      xs.push_back(row["who"].as<std::string>() + ' '
                   + row["what"].as<std::string>());
    return xs;
  }

private:
  any_pool& db_;
};

void sell_and_print(any_pool& db) {
  audit_log audit{db};
  audit.create().value();
  for (auto pieces : {2, 5}) {
    auto sell = [pieces](lease& conn) -> result<void> {
      auto done = conn.execute(
        {"UPDATE stock SET pieces = pieces - $1 WHERE item = 'lamp'",
         {pieces}});
      if (!done)
        return done.error();
      return {};
    };
    auto what = "sold " + std::to_string(pieces);
    auto done = audit.change("ann", what, sell);
    std::cout << what << (done ? ": done\n" : ": refused\n");
  }
  for (auto& entry : audit.entries().value())
    std::cout << entry << '\n';
}

} // namespace

int main([[maybe_unused]] int argc, [[maybe_unused]] char** argv) {
#if CAF_POOL_WITH_POSTGRES
  if (argc > 1) {
    pool db{postgres(argv[1])};
    sell_and_print(db);
    return 0;
  }
#endif
  pool db{sqlite(":memory:")};
  sell_and_print(db);
}
