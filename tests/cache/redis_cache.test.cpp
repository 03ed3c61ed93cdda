// What a cache on a real server stores and serves.

#include "caf_pool/core/redis_reading.hpp"

#include "cache_fixture.hpp"
#include "support/catch_compat.hpp"
#include "support/outcome.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

using test::code_of;
using test::eventually;
using test::fresh_cache;
using test::no_source;
using test::one_cache;
using test::patient;
using test::private_redis;

namespace {

const auto keys = cache_keys{"cache"};

std::string on_server(const std::vector<std::string>& command) {
  return private_redis::shared().query(command);
}

/// A value that is no longer fresh by the time that this returns.
cache_policy make_stale(redis_cache& cache, const std::string& key,
                        cache_policy policy) {
  auto brief = policy;
  brief.ttl = 1ms;
  REQUIRE(cache.set(key, "old", brief));
  REQUIRE(eventually(
    [&] { return cache.get<std::string>(key).state == cache_state::stale; }));
  return policy;
}

} // namespace

// -- storing and reading ------------------------------------------------------

TEST_CASE("a cache returns what was stored, as its type") {
  fresh_cache x;
  auto& cache = x.cache;
  auto none = cache.get<std::string>("k");
  CHECK(none.state == cache_state::miss);
  CHECK_FALSE(none);
  REQUIRE(cache.set("k", std::string{"\0\xff", 2}, {}));
  auto some = cache.get<std::string>("k");
  CHECK(some.state == cache_state::hit);
  CHECK(*some == std::string{"\0\xff", 2});
  CHECK(some.fresh_for > 0s);
  CHECK(some.fresh_for <= 60s);
  REQUIRE(cache.set("n", std::int64_t{-7}, {}));
  CHECK(cache.get<std::int64_t>("n").value == -7);
  REQUIRE(cache.set("d", 0.1, {}));
  CHECK(cache.get<double>("d").value == 0.1);
  auto stats = cache.stats();
  CHECK(stats.hits == 3);
  CHECK(stats.misses == 1);
  CHECK(stats.errors == 0);
}

TEST_CASE("a value that is missing is computed once and stored") {
  fresh_cache x;
  auto runs = 0;
  auto compute = [&] {
    ++runs;
    return std::string{"value"};
  };
  auto first = x.cache.get_or_compute("k", {}, compute);
  REQUIRE(first);
  CHECK(first->state == cache_state::computed);
  CHECK(first->value == "value");
  auto second = x.cache.get_or_compute("k", {}, compute);
  REQUIRE(second);
  CHECK(second->state == cache_state::hit);
  CHECK(second->value == "value");
  CHECK(runs == 1);
  // Other processes have it, too.
  one_cache other{private_redis::shared()};
  CHECK(other.cache.get<std::string>("k").value == "value");
  auto stats = x.cache.stats();
  CHECK(stats.computations == 1);
  CHECK(stats.computed == 1);
  CHECK(stats.hits == 1);
}

TEST_CASE("a computation may wrap its value and take a deadline") {
  fresh_cache x;
  auto& cache = x.cache;
  auto plain = cache.get_or_compute("1", {}, [] { return 1; });
  CHECK(plain.value().value == 1);
  auto maybe
    = cache.get_or_compute("2", {}, [] { return std::optional<int>{2}; });
  CHECK(maybe.value().value == 2);
  auto tried = cache.get_or_compute("3", {}, [] { return result<int>{3}; });
  CHECK(tried.value().value == 3);
  auto both = cache.get_or_compute(
    "4", {}, [] { return result<std::optional<int>>{std::optional<int>{4}}; });
  CHECK(both.value().value == 4);
  auto given = time_point{};
  auto limited = cache_policy{};
  limited.limit = 1h;
  auto before = clock::now();
  auto timed = cache.get_or_compute("5", limited, [&](time_point deadline) {
    given = deadline;
    return 5;
  });
  CHECK(timed.value().value == 5);
  CHECK(given >= before + 1h);
  CHECK(given <= clock::now() + 1h);
}

TEST_CASE("an error of the computation is the caller's, and is not stored") {
  fresh_cache x;
  auto fails = [] { return result<std::string>{no_source()}; };
  auto first = x.cache.get_or_compute("k", {}, fails);
  REQUIRE_FALSE(first);
  CHECK(first.error() == no_source());
  CHECK(on_server({"DBSIZE"}) == "0");
  auto throws = []() -> std::string { throw std::runtime_error{"no"}; };
  CHECK_THROWS_AS(x.cache.get_or_compute("k", {}, throws), std::runtime_error);
  auto stats = x.cache.stats();
  CHECK(stats.computations == 2);
  CHECK(stats.computations_failed == 2);
  CHECK(stats.failed == 1);
}

TEST_CASE("that there is no value is remembered for a while") {
  fresh_cache x;
  auto runs = 0;
  auto nobody = [&] {
    ++runs;
    return std::optional<std::string>{};
  };
  auto policy = cache_policy{};
  policy.ttl = 100s;
  policy.stale_if_error = 1h;
  auto first = x.cache.get_or_compute("k", policy, nobody);
  CHECK(first.value().state == cache_state::computed);
  CHECK_FALSE(first.value());
  auto second = x.cache.get_or_compute("k", policy, nobody);
  CHECK(second.value().state == cache_state::negative);
  CHECK_FALSE(second.value());
  CHECK(x.cache.get<std::string>("k").state == cache_state::negative);
  CHECK(runs == 1);
  auto left = std::stoll(on_server({"PTTL", keys.value_of("k")}));
  CHECK(left > 0);
  CHECK(left <= 10'000);
  policy.negative_ttl = 0s;
  x.cache.get_or_compute("other", policy, nobody).value();
  CHECK(x.cache.get<std::string>("other").state == cache_state::miss);
}

TEST_CASE("keys of one time to live do not expire together") {
  fresh_cache x;
  constexpr auto count = 10'000;
  auto policy = cache_policy{};
  policy.ttl = 100'000s;
  std::vector<redis_command> asks;
  for (auto i = 0; i < count; ++i) {
    auto key = std::to_string(i);
    REQUIRE(x.cache.set(key, i, policy));
    asks.emplace_back("PTTL", keys.value_of(key));
  }
  auto replies = x.connections.pipeline(asks).value();
  auto parts = std::vector<int>(10);
  for (auto& reply : replies.items) {
    auto left = reply.value().as<std::int64_t>().value();
    REQUIRE(left <= 100'000'000);
    auto part = (100'000'000 - left) / 1'000'000;
    ++parts[static_cast<std::size_t>(std::clamp<std::int64_t>(part, 0, 9))];
  }
  for (auto n : parts)
    CHECK(n > count / 20);
}

TEST_CASE("many values come in one round trip, each with its state") {
  fresh_cache x;
  auto& cache = x.cache;
  auto tagged = cache_policy{};
  tagged.tags = {"t"};
  REQUIRE(cache.set("a", 1, {}));
  REQUIRE(cache.set("b", 2, tagged));
  REQUIRE(cache.set("c", "no number", {}));
  cache.get_or_compute("d", {}, [] { return std::optional<int>{}; }).value();
  on_server({"SET", keys.value_of("e"), "7"});
  auto found = cache.get_many<int>({"b", "a", "none", "a", "c", "d", "e"});
  REQUIRE(found.size() == 7);
  CHECK(found[0].value == 2);
  CHECK(found[1].value == 1);
  CHECK(found[2].state == cache_state::miss);
  CHECK(found[3].state == cache_state::hit);
  CHECK(found[4].state == cache_state::miss);
  CHECK(found[5].state == cache_state::negative);
  CHECK(found[6].state == cache_state::miss);
  REQUIRE(cache.invalidate_tag("t"));
  auto again = cache.get_many<int>({"a", "b"});
  CHECK(again[0].value == 1);
  CHECK(again[1].state == cache_state::miss);
  CHECK(cache.get_many<int>({}).empty());
}

// -- what is not served -------------------------------------------------------

TEST_CASE("bytes of somebody else's are a miss, counted and replaced") {
  fresh_cache x;
  on_server({"SET", keys.value_of("k"), "of another program"});
  on_server({"LPUSH", keys.value_of("list"), "1"});
  CHECK(x.cache.get<int>("k").state == cache_state::miss);
  CHECK(x.cache.stats().malformed == 1);
  CHECK(x.cache.get<int>("list").state == cache_state::miss);
  for (auto key : {"k", "list"}) {
    auto computed = x.cache.get_or_compute(key, {}, [] { return 7; });
    CHECK(computed.value().state == cache_state::computed);
    CHECK(x.cache.get<int>(key).value == 7);
  }
}

TEST_CASE("a value that its codec cannot read is computed anew") {
  fresh_cache x;
  REQUIRE(x.cache.set("k", "text", {}));
  CHECK(x.cache.get<int>("k").state == cache_state::miss);
  auto computed = x.cache.get_or_compute("k", {}, [] { return 7; });
  CHECK(computed.value().state == cache_state::computed);
  CHECK(x.cache.stats().malformed == 1);
  CHECK(x.cache.get<int>("k").value == 7);
}

TEST_CASE("what is too large is served and not stored") {
  auto options = patient();
  options.max_value_bytes = 100;
  options.max_key_bytes = 20;
  fresh_cache x{options};
  auto& cache = x.cache;
  auto large = std::string(101, 'x');
  auto long_key = std::string(21, 'k');
  CHECK(code_of(cache.set("k", large, {})) == errc::result_too_large);
  CHECK(code_of(cache.set(long_key, 1, {})) == errc::result_too_large);
  auto served = cache.get_or_compute("k", {}, [&] { return large; });
  CHECK(served.value().value == large);
  auto also = cache.get_or_compute(long_key, {}, [] { return 1; });
  CHECK(also.value().state == cache_state::unavailable);
  CHECK(also.value().value == 1);
  CHECK(cache.get<int>(long_key).state == cache_state::miss);
  CHECK(on_server({"DBSIZE"}) == "0");
  CHECK(cache.stats().too_large == 4);
  CHECK(cache.set("k", std::string(100, 'x'), {}));
  auto many = cache_policy{};
  many.tags.resize(65, "t");
  CHECK(code_of(cache.set("k", 1, many)) == errc::invalid_argument);
}

// -- erasing ------------------------------------------------------------------

TEST_CASE("a computation that began before an erasure stores nothing") {
  fresh_cache x;
  one_cache other{private_redis::shared()};
  auto got = x.cache.get_or_compute("k", {}, [&] {
    other.cache.erase("k").value();
    return std::string{"before"};
  });
  CHECK(got.value().value == "before");
  CHECK(x.cache.get<std::string>("k").state == cache_state::miss);
  CHECK(x.cache.stats().overtaken == 1);
  x.cache.get_or_compute("k", {}, [] { return std::string{"after"}; }).value();
  CHECK(x.cache.get<std::string>("k").value == "after");
  REQUIRE(x.cache.erase("k"));
  CHECK(x.cache.get<std::string>("k").state == cache_state::miss);
}

TEST_CASE("a computation that began before a value was set stores nothing") {
  fresh_cache x;
  one_cache other{private_redis::shared()};
  x.cache
    .get_or_compute("k", {},
                    [&] {
                      other.cache.set("k", "set", {}).value();
                      return std::string{"computed"};
                    })
    .value();
  CHECK(x.cache.get<std::string>("k").value == "set");
}

TEST_CASE("a computation that takes longer than erasures are known is lost") {
  auto options = patient();
  options.max_computation = 0s;
  fresh_cache x{options};
  x.cache.get_or_compute("k", {}, [] { return 1; }).value();
  CHECK(x.cache.get<int>("k").state == cache_state::miss);
  CHECK(x.cache.stats().overtaken == 1);
}

// -- tags ---------------------------------------------------------------------

TEST_CASE("a tag invalidates all its values, and no others") {
  fresh_cache x;
  one_cache other{private_redis::shared()};
  auto& cache = x.cache;
  auto one = cache_policy{};
  one.tags = {"user:7"};
  auto two = cache_policy{};
  two.tags = {"user:7", "shop"};
  REQUIRE(cache.set("a", 1, one));
  cache.get_or_compute("b", two, [] { return 2; }).value();
  REQUIRE(cache.set("c", 3, {}));
  // With and without naming the tags.
  CHECK(cache.get<int>("b").value == 2);
  CHECK(cache.get<int>("b", {"shop", "user:7"}).value == 2);
  REQUIRE(other.cache.invalidate_tag("user:7"));
  CHECK(cache.get<int>("a").state == cache_state::miss);
  CHECK(cache.get<int>("b", {"shop"}).state == cache_state::miss);
  CHECK(cache.get<int>("c").value == 3);
  auto again = cache.get_or_compute("b", two, [] { return 22; });
  CHECK(again.value().state == cache_state::computed);
  CHECK(cache.get<int>("b").value == 22);
  // Who names a tag that the value lacks wants it to obey that.
  CHECK(cache.get<int>("c", {"user:7"}).state == cache_state::miss);
}

TEST_CASE("a tag that the server forgot does not make old values valid") {
  fresh_cache x;
  auto policy = cache_policy{};
  policy.tags = {"t"};
  REQUIRE(x.cache.set("old", 1, policy));
  REQUIRE(x.cache.invalidate_tag("t"));
  REQUIRE(x.cache.set("new", 2, policy));
  CHECK(x.cache.get<int>("new").value == 2);
  on_server({"DEL", keys.tag("t")});
  CHECK(x.cache.get<int>("new").state == cache_state::miss);
  REQUIRE(x.cache.set("newer", 3, policy));
  CHECK(x.cache.get<int>("old").state == cache_state::miss);
  CHECK(x.cache.get<int>("new").state == cache_state::miss);
  CHECK(x.cache.get<int>("newer").value == 3);
}

TEST_CASE("a value whose tag was invalidated meanwhile is not served") {
  fresh_cache x;
  one_cache other{private_redis::shared()};
  auto policy = cache_policy{};
  policy.tags = {"t"};
  x.cache
    .get_or_compute("k", policy,
                    [&] {
                      other.cache.invalidate_tag("t").value();
                      return 1;
                    })
    .value();
  CHECK(x.cache.get<int>("k").state == cache_state::miss);
}

// -- stale values -------------------------------------------------------------

TEST_CASE("a stale value is served where computing fails, and says so") {
  auto options = patient();
  options.retry_after = 1h;
  fresh_cache x{options};
  auto policy = cache_policy{};
  policy.stale_if_error = 1h;
  make_stale(x.cache, "k", policy);
  auto fails = [] { return result<std::string>{no_source()}; };
  auto first = x.cache.get_or_compute("k", policy, fails);
  REQUIRE(first);
  CHECK(first->state == cache_state::stale);
  CHECK(first->value == "old");
  CHECK(first->why == no_source());
  CHECK(first->fresh_for <= 0s);
  // The source is left alone for a while.
  auto second = x.cache.get_or_compute("k", policy, fails);
  CHECK(second.value().state == cache_state::stale);
  CHECK(second.value().why == no_source());
  CHECK(x.cache.stats().computations == 1);
  // Not beyond its time.
  policy.stale_if_error = 0s;
  auto third = x.cache.get_or_compute("k", policy, fails);
  CHECK(code_of(third) == errc::connection_lost);
}

TEST_CASE("a stale value is served where computing throws") {
  auto options = patient();
  options.retry_after = 0s;
  fresh_cache x{options};
  auto policy = cache_policy{};
  policy.stale_if_error = 1h;
  make_stale(x.cache, "k", policy);
  auto throws = []() -> std::string { throw std::runtime_error{"no"}; };
  for (auto i = 0; i < 2; ++i)
    CHECK(x.cache.get_or_compute("k", policy, throws).value().value == "old");
  CHECK(x.cache.stats().computations == 2);
  auto heals
    = x.cache.get_or_compute("k", policy, [] { return std::string{"new"}; });
  CHECK(heals.value().state == cache_state::computed);
  CHECK(x.cache.get<std::string>("k").value == "new");
}

TEST_CASE("a value is computed before it expires, if that takes long") {
  fresh_cache x;
  auto stored = value_envelope{};
  stored.payload = "old";
  auto now = std::stoll(on_server({"TIME"}));
  stored.expiry = (now + 1000) * 1000;
  auto compute = [] { return std::string{"new"}; };
  auto ask = [&](std::uint32_t cost, const cache_policy& policy) {
    stored.cost = cost;
    on_server({"SET", keys.value_of("k"), to_bytes(stored)});
    return x.cache.get_or_compute("k", policy, compute).value();
  };
  CHECK(ask(1, {}).value == "old");
  CHECK(x.cache.stats().early == 0);
  // It would take 50 days: then it is due with a probability of 0.9998.
  CHECK(ask(4'000'000'000, {}).state == cache_state::computed);
  CHECK(x.cache.stats().early == 1);
  auto never_early = cache_policy{};
  never_early.early_refresh = 0;
  CHECK(ask(4'000'000'000, never_early).value == "old");
  // One that fails costs nobody the present value.
  stored.cost = 4'000'000'000;
  on_server({"SET", keys.value_of("k"), to_bytes(stored)});
  auto failed = x.cache.get_or_compute(
    "k", {}, [] { return result<std::string>{no_source()}; });
  CHECK(failed.value().state == cache_state::hit);
  CHECK(failed.value().why == no_source());
}

TEST_CASE("as a fallback the cache answers only where the source fails") {
  fresh_cache x;
  auto fails = [] { return result<int>{no_source()}; };
  auto none = x.cache.fallback("k", {}, fails);
  CHECK(code_of(none) == errc::connection_lost);
  CHECK(x.cache.fallback("k", {}, [] { return 1; }).value().value == 1);
  CHECK(x.cache.fallback("k", {}, [] { return 2; }).value().value == 2);
  auto old = x.cache.fallback("k", {}, fails);
  CHECK(old.value().state == cache_state::hit);
  CHECK(old.value().value == 2);
  CHECK(old.value().why == no_source());
}
