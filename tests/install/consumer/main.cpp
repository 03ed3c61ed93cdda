#include "caf_pool/pool.hpp"
#include "caf_pool/sqlite.hpp"

#include <iostream>

int main() {
  caf_pool::pool db{caf_pool::sqlite(":memory:")};
  auto rows = db.execute("SELECT 1").value();
  std::cout << rows.size() << " row\n";
}
