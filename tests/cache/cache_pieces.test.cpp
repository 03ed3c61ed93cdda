// The pieces of the cache that need no server.

#include "caf_pool/cache/cache_codec.hpp"
#include "caf_pool/cache/cache_keys.hpp"
#include "caf_pool/cache/cache_lifetime.hpp"
#include "caf_pool/cache/failure_memory.hpp"
#include "caf_pool/cache/shared_random.hpp"
#include "caf_pool/cache/time_budget.hpp"
#include "caf_pool/cache/value_envelope.hpp"

#include "support/catch_compat.hpp"

#include <limits>
#include <set>
#include <string>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

// -- codecs -------------------------------------------------------------------

namespace {

template <class T>
void check_codec(const std::vector<T>& values) {
  for (const auto& x : values)
    CHECK(cache_codec<T>::decode(cache_codec<T>::encode(x)) == x);
}

} // namespace

TEST_CASE("a codec reads what it wrote, and nothing else") {
  check_codec<std::string>({"", "text", std::string{"\0\xff\r\n", 4}});
  check_codec<int>({0, -1, std::numeric_limits<int>::min()});
  check_codec<std::uint64_t>({0, std::numeric_limits<std::uint64_t>::max()});
  check_codec<double>({0.1, -1e300, std::numeric_limits<double>::denorm_min()});
  check_codec<bool>({true, false});
  check_codec<std::vector<std::byte>>({{}, {std::byte{0}, std::byte{255}}});
  CHECK_FALSE(cache_codec<int>::decode(""));
  CHECK_FALSE(cache_codec<int>::decode("7 "));
  CHECK_FALSE(cache_codec<std::uint8_t>::decode("256"));
  CHECK_FALSE(cache_codec<double>::decode("x"));
  CHECK_FALSE(cache_codec<bool>::decode("2"));
}

// -- envelopes ----------------------------------------------------------------

TEST_CASE("an envelope comes out of its bytes as it went in") {
  auto x = value_envelope{};
  x.expiry = 1'700'000'000'123;
  x.cost = 4'000'000'000;
  x.payload = std::string{"\0\xc1 text", 7};
  CHECK(read_envelope(to_bytes(x)) == x);
  x.tags = {{"user:7", "0123456789abcdef"}, {"", ""}, {"a b", "t"}};
  CHECK(read_envelope(to_bytes(x)) == x);
  x.payload.clear();
  CHECK(read_envelope(to_bytes(x)) == x);
  x.negative = true;
  CHECK(read_envelope(to_bytes(x)) == x);
}

TEST_CASE("bytes that are no envelope are none") {
  auto x = value_envelope{};
  x.expiry = 1;
  x.tags = {{"tag", "token"}};
  auto bytes = to_bytes(x);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(read_envelope(std::string_view{bytes}.substr(0, size)));
  }
  CHECK_FALSE(read_envelope("a text of somebody else's, long enough"));
  auto unknown_flag = bytes;
  unknown_flag[1] = 2;
  CHECK_FALSE(read_envelope(unknown_flag));
  auto unknown_format = bytes;
  unknown_format[0] = '\xc2';
  CHECK_FALSE(read_envelope(unknown_format));
  auto negative_with_value = bytes + "value";
  negative_with_value[1] = 1;
  CHECK_FALSE(read_envelope(negative_with_value));
}

// -- names --------------------------------------------------------------------

TEST_CASE("names of keys are clean, and differ where the keys do") {
  auto keys = cache_keys{"shop cache"};
  CHECK(keys.value_of("user:7") == "shop%20cache:v1:{user:7}");
  CHECK(keys.generation_of("user:7") == "shop%20cache:v1:{user:7}:gen");
  CHECK(keys.lock_of("user:7") == "shop%20cache:v1:{user:7}:lock");
  CHECK(keys.value_of("a}\r\n b") == "shop%20cache:v1:{a%7d%0d%0a%20b}");
  std::set<std::string> names;
  auto all = std::vector<std::string>{"",    "a",     "a%20",    "a ", "{a}",
                                      "a}",  "%7d",   "}",       "\n", "a:gen",
                                      "tag", "tag:a", "\xc3\xa4"};
  for (auto& key : all) {
    for (auto& name : {keys.value_of(key), keys.generation_of(key),
                       keys.lock_of(key), keys.tag(key)})
      CHECK(names.insert(name).second);
    CHECK(keys.key_of(keys.value_of(key)) == key);
    CHECK(keys.key_of(keys.tag(key)).empty());
  }
}

// -- lifetimes ----------------------------------------------------------------

TEST_CASE("jitter takes 0 to 10 % off, evenly") {
  auto random = random_source{1};
  auto policy = cache_policy{};
  policy.ttl = 1000s;
  auto parts = std::vector<int>(10);
  for (auto i = 0; i < 10'000; ++i) {
    auto x = draw_lifetime(policy, false, random);
    REQUIRE(x.fresh_ms >= 900'000);
    REQUIRE(x.fresh_ms <= 1'000'000);
    REQUIRE(x.kept_ms == x.fresh_ms);
    ++parts[std::min<std::size_t>((x.fresh_ms - 900'000) / 10'000, 9)];
  }
  for (auto n : parts)
    CHECK(n > 800);
}

TEST_CASE("what may be served stale is kept longer than it is fresh") {
  auto random = random_source{2};
  auto policy = cache_policy{};
  policy.ttl = 100s;
  policy.stale_while_revalidate = 50s;
  policy.stale_if_error = 400s;
  for (auto i = 0; i < 1000; ++i) {
    auto x = draw_lifetime(policy, false, random);
    auto ratio
      = static_cast<double>(x.kept_ms) / static_cast<double>(x.fresh_ms);
    REQUIRE(ratio == Approx(5).epsilon(0.001));
  }
}

TEST_CASE("negative values live a tenth, at most 30 s, or as they are told") {
  auto random = random_source{3};
  auto policy = cache_policy{};
  policy.stale_if_error = 1h;
  auto longest = [&] {
    std::int64_t result = 0;
    for (auto i = 0; i < 1000; ++i) {
      auto x = draw_lifetime(policy, true, random);
      CHECK(x.fresh_ms == x.kept_ms);
      result = std::max(result, x.kept_ms);
    }
    return result;
  };
  policy.ttl = 100s;
  CHECK(longest() > 9'900);
  CHECK(longest() <= 10'000);
  policy.ttl = 1h;
  CHECK(longest() <= 30'000);
  policy.negative_ttl = 1h;
  CHECK(longest() > 3'500'000);
  policy.negative_ttl = 0s;
  CHECK(longest() == 0);
}

TEST_CASE("lifetimes without sense are brought within it") {
  auto random = random_source{4};
  auto policy = cache_policy{};
  policy.ttl = -1s;
  CHECK(draw_lifetime(policy, false, random) == cache_lifetime{1, 1});
  policy.ttl = duration::max();
  policy.stale_if_error = duration::max();
  auto x = draw_lifetime(policy, false, random);
  CHECK(x.fresh_ms > 0);
  CHECK(x.kept_ms >= x.fresh_ms);
}

TEST_CASE("early refreshes come late, and sooner for what is costly") {
  auto random = random_source{5};
  auto part = [&](std::int64_t left, std::uint32_t cost) {
    auto n = 0;
    for (auto i = 0; i < 10'000; ++i)
      n += refresh_early(left, cost, 1, random) ? 1 : 0;
    return n / 10'000.0;
  };
  // The probability is exp(-left / cost).
  CHECK(part(1000, 1000) == Approx(0.368).margin(0.03));
  CHECK(part(1000, 500) == Approx(0.135).margin(0.02));
  CHECK(part(60'000, 50) == 0);
  CHECK(part(1, 1000) > 0.98);
  CHECK(part(1, 0) == 0);
  CHECK_FALSE(refresh_early(1, 1000, 0, random));
}

// -- failures and tokens ------------------------------------------------------

TEST_CASE("a failure is remembered for its time") {
  failure_memory failures;
  auto begin = time_point{};
  auto why = error{errc::execute_failed, "down", ""};
  failures.add("k", why, begin + 1s);
  CHECK(failures.find("k", begin + 999ms) == why);
  CHECK_FALSE(failures.find("other", begin));
  CHECK_FALSE(failures.find("k", begin + 1s));
  failures.add("k", why, begin + 1s);
  failures.forget("k");
  CHECK_FALSE(failures.find("k", begin));
}

TEST_CASE("the requests of a call share a budget, within its limit") {
  auto given = [](time_budget& x) {
    return x.charge([](duration limit) { return limit; });
  };
  auto now = clock::now();
  auto alone = time_budget::for_computing(1h, std::nullopt, now);
  CHECK(alone.deadline() == never);
  auto first = given(alone);
  CHECK(first == 1h);
  CHECK(given(alone) < first);
  // Half of what the caller allowed is left to compute.
  auto limited = time_budget::for_computing(1h, 10min, now);
  CHECK(limited.deadline() == now + 10min);
  CHECK(given(limited) == 5min);
  auto over = time_budget{1h, now - 1s};
  CHECK(given(over) == 0s);
}

TEST_CASE("tokens differ") {
  shared_random random{7};
  std::set<std::string> seen;
  for (auto i = 0; i < 10'000; ++i)
    CHECK(seen.insert(random.token()).second);
  CHECK(seen.begin()->size() == 16);
  CHECK(shared_random{7}.token() == shared_random{7}.token());
  CHECK(shared_random{0}.token() != shared_random{0}.token());
}
