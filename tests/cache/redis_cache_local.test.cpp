// Values that are kept in the process, too.

#include "cache_fixture.hpp"
#include "support/catch_compat.hpp"

#include <optional>
#include <string>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

using test::eventually;
using test::fresh_cache;
using test::no_source;
using test::one_cache;
using test::patient;
using test::private_redis;

namespace {

const auto kept_names = cache_keys{"cache"};

cache_options local(duration max_age, std::size_t entries = 100) {
  auto result = patient();
  result.local_entries = entries;
  result.local_max_age = max_age;
  return result;
}

local_tier::entry entry_of(std::string key, std::optional<std::string> value) {
  return {std::move(key), std::move(value), {"t"},
          time_point{},   time_point{10s},  time_point{20s}};
}

} // namespace

TEST_CASE("a local value is served while it is young and fresh") {
  local_tier tier{2, 3s};
  tier.put(entry_of("a", "1"), tier.drops());
  tier.put(entry_of("none", std::nullopt), tier.drops());
  CHECK(tier.find("a", {}, time_point{2s})->value == "1");
  CHECK(tier.find("a", {"t"}, time_point{2s})->fresh_for == 8s);
  CHECK_FALSE(tier.find("a", {"other"}, time_point{2s}));
  CHECK(tier.find("none", {}, time_point{})->state == cache_state::negative);
  CHECK_FALSE(tier.find("a", {}, time_point{3s}));
  CHECK(tier.find_old("a", {}, time_point{19s})->state == cache_state::stale);
  CHECK_FALSE(tier.find_old("a", {}, time_point{20s}));
  CHECK_FALSE(tier.find_old("none", {}, time_point{}));
  // The one that was used last stays.
  tier.put(entry_of("b", "2"), tier.drops());
  CHECK(tier.find("b", {}, time_point{}));
  CHECK_FALSE(tier.find("a", {}, time_point{}));
  CHECK(tier.find("none", {}, time_point{}));
}

TEST_CASE("what was read before something was dropped is not kept") {
  local_tier tier{10, 3s};
  auto before = tier.drops();
  tier.drop("a");
  tier.put(entry_of("a", "old"), before);
  CHECK_FALSE(tier.find("a", {}, time_point{}));
  tier.put(entry_of("a", "new"), tier.drops());
  CHECK(tier.find("a", {}, time_point{}));
  tier.drop_tag("t");
  CHECK_FALSE(tier.find("a", {}, time_point{}));
  tier.put(entry_of("a", "new"), tier.drops());
  tier.drop_all();
  CHECK_FALSE(tier.find("a", {}, time_point{}));
}

TEST_CASE("local hits need no server, and own changes are seen at once") {
  fresh_cache x{local(1h)};
  auto& cache = x.cache;
  auto policy = cache_policy{};
  policy.tags = {"t"};
  cache.get_or_compute("k", policy, [] { return 1; }).value();
  private_redis::shared().query({"FLUSHALL"});
  CHECK(cache.get<int>("k").value == 1);
  CHECK(cache.get_or_compute("k", policy, [] { return 2; }).value().value == 1);
  CHECK(cache.stats().local == 2);
  REQUIRE(cache.erase("k"));
  CHECK(cache.get<int>("k").state == cache_state::miss);
  REQUIRE(cache.set("k", 3, policy));
  CHECK(cache.get<int>("k").value == 3);
  CHECK(cache.get<int>("k").value == 3);
  REQUIRE(cache.invalidate_tag("t"));
  CHECK(cache.get<int>("k").state == cache_state::miss);
}

TEST_CASE("another process's change is seen when the local value is too old") {
  fresh_cache x{local(20ms)};
  one_cache other{private_redis::shared()};
  REQUIRE(x.cache.set("k", 1, {}));
  CHECK(x.cache.get<int>("k").value == 1);
  REQUIRE(other.cache.set("k", 2, {}));
  auto changed = clock::now();
  // An answer that begins later than that is never the old one.
  auto late_and_old = false;
  CHECK(eventually([&] {
    auto begin = clock::now();
    auto value = x.cache.get<int>("k").value;
    late_and_old |= value == 1 && begin - changed >= 20ms;
    return value == 2;
  }));
  CHECK_FALSE(late_and_old);
}

TEST_CASE("whoever hears of changes makes the local tier forget") {
  fresh_cache x{local(1h)};
  one_cache other{private_redis::shared()};
  for (auto key : {"a", "b"}) {
    REQUIRE(x.cache.set(key, 1, {}));
    CHECK(x.cache.get<int>(key).value == 1);
    REQUIRE(other.cache.set(key, 2, {}));
    CHECK(x.cache.get<int>(key).value == 1);
  }
  x.cache.server_changed(kept_names.lock_of("a"));
  CHECK(x.cache.get<int>("a").value == 1);
  x.cache.server_changed(kept_names.value_of("a"));
  CHECK(x.cache.get<int>("a").value == 2);
  CHECK(x.cache.get<int>("b").value == 1);
  x.cache.server_changed(kept_names.tag("t"));
  CHECK(x.cache.get<int>("b").value == 2);
}

TEST_CASE("without the server local values are served as stale ones") {
  private_redis server;
  one_cache x{server, local(0s)};
  auto policy = cache_policy{};
  policy.ttl = 1h;
  x.cache.get_or_compute("k", policy, [] { return 1; }).value();
  server.stop();
  auto got = x.cache.get_or_compute("k", policy,
                                    [] { return result<int>{no_source()}; });
  REQUIRE(got);
  CHECK(got->state == cache_state::stale);
  CHECK(got->value == 1);
  CHECK(got->why);
  CHECK(x.cache.stats().computations == 1);
}
