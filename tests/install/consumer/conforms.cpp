// The example, whose main() is not needed here.
#define main example_main
#include "custom_backend.cpp"
#undef main

#include "support/catch_compat.hpp"
#include "support/conformance.hpp"

TEST_CASE("the example of a backend conforms") {
  caf_pool::test::backend_under_test mine;
  mine.make = [] { return std::make_shared<example::counters>(); };
  mine.can_cancel = false;
  mine.can_abort = false;
  mine.can_restrict = false;
  mine.has_transactions = false;
  caf_pool::test::run_conformance(mine);
}
