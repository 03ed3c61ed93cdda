// Callers in several processes.

#include "cache_fixture.hpp"
#include "support/catch_compat.hpp"
#include "support/process.hpp"

#include <memory>
#include <string>
#include <vector>

using namespace caf_pool;

using test::fresh_cache;
using test::process;

namespace {

/// Returns how many computations two processes of 500 callers each need.
int computations_of_two(const std::string& lock) {
  auto& server = fresh_cache::emptied();
  std::vector<process> both;
  for (auto i = 0; i < 2; ++i)
    both.emplace_back(test::process_options{
      .command = {CACHE_CALLERS_PROGRAM, server.socket_path(), "500", lock}});
  for (auto& x : both)
    REQUIRE(x.wait_for_line("ready"));
  for (auto& x : both)
    x.write("go\n");
  auto sum = 0;
  for (auto& x : both) {
    auto line = x.wait_for_line("computed ", 2 * test::patience);
    REQUIRE(line);
    CAPTURE(*line, x.err());
    CHECK(line->ends_with("good 500"));
    auto n = std::stoi(line->substr(line->find(' ')));
    CHECK(n <= 1);
    sum += n;
    CHECK(x.wait() == 0);
  }
  return sum;
}

} // namespace

TEST_CASE("two processes of 500 callers compute twice at most") {
  auto sum = computations_of_two("local");
  CHECK(sum >= 1);
  CHECK(sum <= 2);
}

TEST_CASE("two processes that share a lock compute once") {
  CHECK(computations_of_two("shared") == 1);
}
