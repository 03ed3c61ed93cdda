// What a reload does about each setting.

#include "caf_pool/config/reload.hpp"

#include "caf_pool/backend/sqlite/sqlite_options.hpp"
#include "caf_pool/settings/settings.hpp"

#if CAF_POOL_WITH_POSTGRES
#  include "caf_pool/backend/postgres/pg_options.hpp"
#endif

#include "fixture.hpp"
#include "support/other_value.hpp"

#include <algorithm>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

/// Finds the keys of a pool, besides options and password, that change what a
/// backend reads out of it.
template <class Read>
std::vector<std::string> keys_that_change(const pool_config& base, Read read) {
  std::vector<std::string> result;
  auto before = read(base);
  auto changed = base;
  for_each_setting(changed, [&](const auto& x, auto& field) {
    auto old = field;
    change(x, field);
    if (!(read(changed) == before))
      result.push_back(std::string{x.key});
    field = old;
  });
  std::sort(result.begin(), result.end());
  return result;
}

std::vector<std::string> reads_of(const char* backend) {
  auto registry = backend_registry::with_defaults();
  auto result = registry.find(backend)->reads;
  std::sort(result.begin(), result.end());
  return result;
}

} // namespace

TEST_CASE("a reload without pools is refused", "[F02]") {
  auto registry = backend_registry::with_defaults();
  auto refused = plan_reload(node_with({"main"}), node_with({}), registry);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::config_invalid);
  CHECK(refused.error().message == "no pools left; to stop the node, stop it");
}

TEST_CASE("what needs a restart is not in force before it", "[F04]") {
  auto registry = backend_registry::with_defaults();
  auto from = node_with({"main"});
  auto to = node_with({"main", "more"});
  std::vector<std::string> sealed;
  for_each_node_setting(to, [&](const auto& x, auto& field) {
    change(x, field);
    if (effect_of_node_key(x.key) == change_effect::restart)
      sealed.push_back(std::string{x.key});
  });
  to.pools[0].warm_up_timeout += 1s;
  to.pools[1].warm_up_timeout += 1s; // a new pool has what it is told
  to.pools[0].max_size += 1;
  auto plan = plan_reload(from, to, registry).value();
  auto expected = from;
  expected.drain_timeout = to.drain_timeout;
  expected.log = to.log;
  expected.pools = to.pools;
  expected.pools[0].warm_up_timeout = from.pools[0].warm_up_timeout;
  CHECK(plan.in_force == expected);
  for (auto& key : sealed)
    CHECK_THAT(plan.summary(), ContainsSubstring(key));
  CHECK_THAT(plan.summary(), ContainsSubstring("pools.main.warm_up_timeout"));
  // Until then each reload says so.
  CHECK(plan_reload(plan.in_force, to, registry)->changes.sealed().size()
        == sealed.size() + 1);
}

TEST_CASE("a backend names every key of the pool that it copies",
          "[F03][trap-T67]") {
  pool_config config;
  config.options["path"] = "/tmp/x";
  CHECK(keys_that_change(config,
                         [](const pool_config& x) {
                           std::vector<config_problem> problems;
                           return sqlite_options::from(x, problems);
                         })
        == reads_of("sqlite"));
#if CAF_POOL_WITH_POSTGRES
  config.backend = "postgres";
  config.options = {{"host", "localhost"}, {"user", "app"}};
  CHECK(keys_that_change(config,
                         [](const pool_config& x) {
                           std::vector<config_problem> problems;
                           auto out = pg_options::from(x, problems);
                           out.known_liveness.reset(); // learned, not told
                           return out;
                         })
        == reads_of("postgres"));
#endif
}
