#include "caf_pool/core/lru.hpp"

#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace caf_pool;

namespace {

struct entry {
  std::string key;
  int value = 0;

  friend bool operator==(const entry&, const entry&) = default;
};

using cache = lru<entry, &entry::key>;

/// Returns the keys, that of the value used last first.
std::string keys_of(cache& kept) {
  std::string result;
  kept.for_each([&](const entry& x) { result += x.key; });
  return result;
}

} // namespace

TEST_CASE("the value that was used longest ago makes room", "[lru]") {
  cache kept{3};
  for (auto* key : {"a", "b", "c"})
    CHECK_FALSE(kept.insert({key, 1}));
  CHECK(keys_of(kept) == "cba");
  CHECK(kept.insert({"d", 2}) == entry{"a", 1});
  CHECK(kept.insert({"e", 2}) == entry{"b", 1});
  CHECK(keys_of(kept) == "edc");
  CHECK(kept.find("a") == nullptr);
}

TEST_CASE("finding a value uses it, going through all uses none", "[lru]") {
  cache kept{3};
  for (auto* key : {"a", "b", "c"})
    kept.insert({key, 1});
  REQUIRE(kept.find("a") != nullptr);
  CHECK(*kept.find("a") == entry{"a", 1});
  CHECK(keys_of(kept) == "acb");
  CHECK(kept.find("nothing") == nullptr);
  kept.for_each([](entry& x) { x.value = 2; });
  CHECK(keys_of(kept) == "acb");
  CHECK(kept.insert({"d", 1}) == entry{"b", 2});
  CHECK(kept.insert({"e", 1}) == entry{"c", 2});
}

TEST_CASE("a value that is found stays at its place", "[lru]") {
  cache kept{2};
  kept.insert({"a", 1});
  auto* place = kept.find("a");
  for (auto* key : {"b", "c", "d"}) {
    kept.insert({key, 1});
    CHECK(kept.find("a") == place);
  }
}

TEST_CASE("a second value of a key replaces the first and is used", "[lru]") {
  cache kept{2};
  kept.insert({"a", 1});
  kept.insert({"b", 1});
  CHECK(kept.insert({"a", 2}) == entry{"a", 1});
  CHECK(keys_of(kept) == "ab");
  CHECK(*kept.find("a") == entry{"a", 2});
}

TEST_CASE("a capacity of 0 keeps nothing, one of 1 the last", "[lru]") {
  cache none{0};
  CHECK(none.insert({"a", 1}) == entry{"a", 1});
  CHECK(none.find("a") == nullptr);
  CHECK(none.size() == 0);
  cache one{1};
  CHECK_FALSE(one.insert({"a", 1}));
  CHECK(one.insert({"b", 1}) == entry{"a", 1});
  CHECK(one.find("a") == nullptr);
  CHECK(keys_of(one) == "b");
}

TEST_CASE("what is taken out is gone and leaves room", "[lru]") {
  cache kept{2};
  kept.insert({"a", 1});
  kept.insert({"b", 1});
  CHECK(kept.take("a") == entry{"a", 1});
  CHECK_FALSE(kept.take("a"));
  CHECK(kept.find("a") == nullptr);
  CHECK_FALSE(kept.insert({"c", 1}));
  CHECK(keys_of(kept) == "cb");
  kept.clear();
  CHECK(kept.size() == 0);
  CHECK(kept.find("b") == nullptr);
  CHECK_FALSE(kept.insert({"b", 2}));
  CHECK(keys_of(kept) == "b");
}

TEST_CASE("values are freed when they make room, are taken out or cleared",
          "[lru]") {
  struct holder {
    std::string key;
    std::shared_ptr<int> value;
  };
  auto value = std::make_shared<int>(1);
  lru<holder, &holder::key> kept{2};
  for (auto* key : {"a", "b", "c", "d"})
    kept.insert({key, value});
  CHECK(value.use_count() == 3);
  kept.take("c");
  CHECK(value.use_count() == 2);
  kept.clear();
  CHECK(value.use_count() == 1);
}

TEST_CASE("a cache does what a plain list would do", "[lru]") {
  CHECK(rc::check([](const std::vector<std::pair<bool, std::uint8_t>>& steps) {
    constexpr std::size_t capacity = 4;
    cache kept{capacity};
    std::vector<std::string> model;
    for (auto [puts, number] : steps) {
      // Too long to lie inside the string itself.
      auto key = "a key of some length, number " + std::to_string(number % 8);
      auto known = std::erase(model, key) > 0;
      RC_ASSERT((kept.find(key) != nullptr) == known);
      if (puts)
        kept.insert({key, number});
      if (puts || known)
        model.insert(model.begin(), key);
      model.resize(std::min(model.size(), capacity));
      RC_ASSERT(kept.size() == model.size());
      std::string all;
      for (auto& x : model)
        all += x;
      RC_ASSERT(keys_of(kept) == all);
    }
  }));
}
