#include "caf_pool/settings/validate.hpp"

#include "caf_pool/settings/setting_text.hpp"
#include "caf_pool/settings/settings.hpp"

#include "support/catch_compat.hpp"

#include <limits>
#include <string>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

using problems = std::vector<config_problem>;

const config_problem* find(const problems& xs, std::string_view key) {
  for (auto& x : xs)
    if (x.key == key)
      return &x;
  return nullptr;
}

// Writes `value` into the setting named `key` of a fresh configuration and
// expects a problem with key, value and range.
template <class Config, class T, class Visit>
void expect_refusal(const setting<T>& what, const T& value, Visit visit) {
  Config x;
  visit(x, [&](const auto& setting, auto& field) {
    if constexpr (std::is_same_v<std::decay_t<decltype(field)>, T>)
      if (setting.key == what.key)
        field = value;
  });
  INFO(what.key << " = " << to_setting_text(value));
  auto found = validate(x);
  auto* problem = find(found, what.key);
  REQUIRE(problem != nullptr);
  CHECK(problem->value == to_setting_text(value));
  CHECK_THAT(problem->message, ContainsSubstring(range_text(what)));
}

// Calls `f` with the values next to both ends of a range.
template <class T, class F>
void just_outside(const setting<T>& what, F f) {
  if constexpr (std::is_same_v<T, double>) {
    f(what.min - 0.001);
    f(what.max + 0.001);
    f(std::numeric_limits<double>::quiet_NaN());
    f(std::numeric_limits<double>::infinity());
  } else if constexpr (std::is_same_v<T, duration>) {
    f(what.min - 1ns);
    f(what.max + 1ns);
  } else if constexpr (std::is_same_v<T, bool>) {
    // Every value is in range.
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!what.allowed.empty()) {
      f(std::string{});
      f(std::string{"loud"});
    }
  } else if constexpr (std::is_enum_v<T>) {
    f(static_cast<T>(names_of(T{}).size()));
  } else {
    if (what.min > 0)
      f(static_cast<T>(what.min - 1));
    if (what.max < std::numeric_limits<T>::max())
      f(static_cast<T>(what.max + 1));
  }
}

} // namespace

TEST_CASE("the defaults of pools and nodes have no problems") {
  CHECK(validate(pool_config{}).empty());
  node_config node;
  node.pools.resize(1);
  CHECK(validate(node).empty());
}

TEST_CASE("a pool refuses every setting just outside of its range, both ways",
          "[F01][Z13]") {
  auto visit = [](auto& x, auto f) { for_each_setting(x, f); };
  pool_config defaults;
  for_each_setting(defaults, [&](const auto& what, const auto&) {
    just_outside(what, [&](const auto& value) {
      expect_refusal<pool_config>(what, value, visit);
    });
  });
}

TEST_CASE("a node refuses every setting just outside of its range, both ways",
          "[F01]") {
  auto visit = [](auto& x, auto f) { for_each_node_setting(x, f); };
  node_config defaults;
  for_each_node_setting(defaults, [&](const auto& what, const auto&) {
    just_outside(what, [&](const auto& value) {
      expect_refusal<node_config>(what, value, visit);
    });
  });
}

TEST_CASE("both ends of every range are allowed") {
  pool_config defaults;
  for_each_setting(defaults, [&](const auto& what, auto& field) {
    using type = std::decay_t<decltype(field)>;
    if constexpr (std::is_arithmetic_v<
                    type> || std::is_same_v<type, duration>) {
      for (auto value : {what.min, what.max}) {
        auto before = field;
        field = value;
        auto found = validate(defaults);
        auto* problem = find(found, what.key);
        CAPTURE(what.key);
        // Contradictions with other settings are no matter of the range.
        CHECK((problem == nullptr || !problem->related.empty()));
        field = before;
      }
    }
  });
}

TEST_CASE("all problems are reported at once, none is corrected", "[F01]") {
  pool_config x;
  x.max_size = 0;
  x.acquire_timeout = 0s;
  x.retry.factor = 0.5;
  auto copy = x;
  auto found = validate(x, "pools.main.");
  CHECK(find(found, "pools.main.max_size") != nullptr);
  CHECK(find(found, "pools.main.acquire_timeout") != nullptr);
  CHECK(find(found, "pools.main.retry.factor") != nullptr);
  CHECK(x == copy);
}

TEST_CASE("a problem prints where, what and why in one line") {
  config_problem x{"max_size", "0", "must be from 1 to 10", "prod.toml:3:1"};
  CHECK(to_string(x) == "prod.toml:3:1: max_size = 0: must be from 1 to 10");
  CHECK(to_string(config_problem{"pools", {}, "none", {}}) == "pools: none");
}

TEST_CASE("a problem cannot forge a second line of a log") {
  config_problem x{"a\nERROR b", "c\rd", "e\x1b[31m", {}};
  CHECK(to_string(x) == "a?ERROR b = c?d: e?[31m");
}

TEST_CASE("names of pools are short and plain", "[F01]") {
  for (auto name : {"main", "read-only", "a", "Pool_2"})
    CHECK(valid_pool_name(name));
  for (auto name : {"", "2nd", "a.b", "a b", "a\n", "caf\xc3\xa9", "-x"})
    CHECK_FALSE(valid_pool_name(name));
  CHECK(valid_pool_name(std::string(64, 'a')));
  CHECK_FALSE(valid_pool_name(std::string(65, 'a')));
  pool_config x;
  x.name = "a\"b";
  CHECK(find(validate(x), "name") != nullptr);
  x.name = "main";
  x.backend.clear();
  CHECK(find(validate(x), "backend") != nullptr);
}
