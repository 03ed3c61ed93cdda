#include "caf_pool/backend/redis_cluster/slot_of.hpp"

#include "caf_pool/core/random.hpp"
#include "caf_pool/core/redis_command.hpp"

#include "backend/redis/raw_redis.hpp"
#include "support/catch_compat.hpp"
#include "support/private_redis.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::cluster;

namespace {

/// Keys of any bytes, with many braces.
std::vector<std::string> odd_keys(std::size_t count, std::uint64_t seed) {
  random_source dice{seed};
  std::vector<std::string> result;
  while (result.size() < count) {
    std::string key;
    for (auto left = dice.below(24); left > 0; --left) {
      auto roll = dice.below(8);
      key += roll == 0   ? '{'
             : roll == 1 ? '}'
                         : static_cast<char>(dice.below(256));
    }
    result.push_back(std::move(key));
  }
  return result;
}

} // namespace

TEST_CASE("known keys lie in their slots") {
  CHECK(slot_of("123456789") == 0x31c3);
  CHECK(slot_of("") == 0);
  CHECK(slot_of("foo") == 12182);
  CHECK(slot_of("{user1000}.following") == slot_of("{user1000}.followers"));
}

TEST_CASE("the hash tag is what the first pair of braces holds") {
  CHECK(hash_tag("plain") == "plain");
  CHECK(hash_tag("a{b}c") == "b");
  CHECK(hash_tag("a{b}{c}") == "b");
  CHECK(hash_tag("a{{b}}c") == "{b");
  CHECK(hash_tag("a}{b}") == "b");
  CHECK(hash_tag("a{b") == "a{b");
  CHECK(hash_tag("{") == "{");
  CHECK(hash_tag("}{") == "}{");
  // The server looks no further if there is nothing in the first pair.
  CHECK(hash_tag("a{}{b}") == "a{}{b}");
  CHECK(hash_tag("{}") == "{}");
}

TEST_CASE("a server puts keys into the same slots") {
  test::private_redis server{{.settings = {"cluster-enabled yes", "port 0"}}};
  test::raw_redis session{server.socket_path()};
  auto keys = odd_keys(10000, 7);
  for (auto key : {"", "{", "}", "{}", "{}{}", "}{", "{{}", "{}}", "a{}{b}",
                   "a{{b}}c", "{a}", "{a", "a}", "foo{bar}{zap}"})
    keys.emplace_back(key);
  keys.push_back(std::string(1, '\0'));
  keys.push_back(std::string("{\0}x", 4));
  keys.push_back(std::string(100000, 'x'));
  for (auto i = 0; i < 5000; ++i)
    keys.push_back("key:" + std::to_string(i));
  std::size_t wrong = 0;
  // Few at a time, so that no buffer between the two is full.
  for (std::size_t at = 0; at < keys.size();) {
    auto end = std::min(at + 500, keys.size());
    for (auto i = at; i < end; ++i)
      session.write(redis_command{"CLUSTER", "KEYSLOT", keys[i]});
    for (auto i = at; i < end; ++i)
      if (session.read() != redis_value{std::int64_t{slot_of(keys[i])}})
        ++wrong;
    at = end;
  }
  CHECK(wrong == 0);
}
