#include "caf_pool/core/sql_result.hpp"

#include <iostream>

int main() {
  caf_pool::sql_result rows;
  rows.columns = {"1"};
  rows.cells = {caf_pool::sql_value{std::int64_t{1}}};
  std::cout << rows.size() << " row\n";
}
