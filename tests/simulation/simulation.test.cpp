#include "simulation/simulate.hpp"
#include "support/catch_compat.hpp"

#include <cstdlib>
#include <string>

using namespace caf_pool::simulation;

namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  auto* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

} // namespace

TEST_CASE("a pool keeps its promises whatever happens around it",
          "[C05][C06][D01][Z01]") {
  campaign x;
  // CAF_POOL_SEEDS and CAF_POOL_FROM play more, or others.
  auto few = std::getenv("CAF_POOL_SANITIZED") != nullptr ? 300 : 2000;
  x.seeds = from_environment("CAF_POOL_SEEDS", static_cast<std::uint64_t>(few));
  x.from = from_environment("CAF_POOL_FROM", 1);
  auto ok = x.play();
  if (!ok)
    UNSCOPED_INFO(explain(x.failing_seed));
  CHECK(ok);
}

TEST_CASE("the same seed plays the same run") {
  auto what = make_plan(7);
  auto first = run(what, true);
  CHECK(first.history.size() > 100);
  CHECK(run(what, true).history == first.history);
  CHECK(make_plan(8).stimuli.size() != what.stimuli.size());
}
