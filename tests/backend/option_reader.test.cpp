#include "caf_pool/backend/option_reader.hpp"

#include "support/catch_compat.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

enum class option_shade : std::uint8_t { light, dark };

constexpr std::string_view shade_names[] = {"light", "dark"};

std::span<const std::string_view> names_of(option_shade) {
  return shade_names;
}

constexpr std::string_view sizes[] = {"small", "medium", "large"};

/// Reads what a pool says, each value at most once.
struct option_bench {
  explicit option_bench(std::map<std::string, std::string> options) {
    config.options = std::move(options);
  }

  /// Returns the problems, one line each, and forgets them.
  std::string told() {
    std::string result;
    for (auto& x : std::exchange(problems, {}))
      result += to_string(x) + '\n';
    return result;
  }

  pool_config config;
  std::vector<config_problem> problems;
  option_reader in{config,
                   {{"name", "lamp", "Text."},
                    {"size", "medium", "One of a few words."},
                    {"mark", "", "One of a few words, or none."},
                    {"shade", "dark", "An enumerator."},
                    {"on", "true", "A flag."},
                    {"count", "7", "A number."},
                    {"limit", "5s", "A duration."}},
                   problems};
};

} // namespace

TEST_CASE("an option that is not given has the default of the table",
          "[option_reader]") {
  option_bench bench{{}};
  CHECK(bench.in.text("name") == "lamp");
  CHECK(bench.in.word("size", sizes) == "medium");
  CHECK(bench.in.word("mark", sizes) == "");
  CHECK(bench.in.choice<option_shade>("shade") == option_shade::dark);
  CHECK(bench.in.flag("on"));
  CHECK(bench.in.number<std::uint32_t>("count", 0, 10) == 7);
  CHECK(bench.in.time("limit", 1ms, 1min) == 5s);
  CHECK(bench.told() == "");
}

TEST_CASE("an option that is given has its value", "[option_reader]") {
  option_bench bench{{{"name", ""},
                      {"size", "large"},
                      {"mark", "small"},
                      {"shade", "light"},
                      {"on", "off"},
                      {"count", "10"},
                      {"limit", "250ms"}}};
  CHECK(bench.in.text("name") == "");
  CHECK(bench.in.word("size", sizes) == "large");
  CHECK(bench.in.word("mark", sizes) == "small");
  CHECK(bench.in.choice<option_shade>("shade") == option_shade::light);
  CHECK_FALSE(bench.in.flag("on"));
  CHECK(bench.in.number<std::uint32_t>("count", 0, 10) == 10);
  CHECK(bench.in.time("limit", 1ms, 1min) == 250ms);
  CHECK(bench.told() == "");
}

TEST_CASE(
  "a wrong value is told with what would be right, and the default "
  "stands for it",
  "[option_reader]") {
  option_bench bench{{{"name", std::string{"a\0b", 3}},
                      {"size", ""},
                      {"mark", "tiny"},
                      {"shade", "Dark"},
                      {"on", "perhaps"},
                      {"count", "11"},
                      {"limit", "2min"}}};
  CHECK(bench.in.text("name") == "lamp");
  CHECK(bench.told() == "name: must not contain a zero byte\n");
  CHECK(bench.in.word("size", sizes) == "medium");
  CHECK_THAT(bench.told(), ContainsSubstring("size")
                             && ContainsSubstring("must be small, medium or "
                                                  "large"));
  CHECK(bench.in.word("mark", sizes) == "");
  CHECK(bench.told() == "mark = tiny: must be small, medium or large\n");
  CHECK(bench.in.choice<option_shade>("shade") == option_shade::dark);
  CHECK(bench.told() == "shade = Dark: must be light or dark\n");
  CHECK(bench.in.flag("on"));
  CHECK(bench.told() == "on = perhaps: must be true or false\n");
  CHECK(bench.in.number<std::uint32_t>("count", 0, 10) == 7);
  CHECK(bench.told() == "count = 11: must be from 0 to 10\n");
  CHECK(bench.in.time("limit", 1ms, 1min) == 5s);
  CHECK(bench.told() == "limit = 2min: must be from 1ms to 1min, or 0\n");
}

TEST_CASE("a number is whole and in its range, both ends included",
          "[option_reader]") {
  for (auto* text : {"3", "5"}) {
    option_bench bench{{{"count", text}}};
    CHECK(bench.in.number<std::uint16_t>("count", 3, 5)
          == static_cast<std::uint16_t>(std::stoi(text)));
    CHECK(bench.told() == "");
  }
  for (auto* text : {"2", "6", "-4", "4.0", "4 ", "", "four", "0x4", "65540",
                     "18446744073709551620"}) {
    INFO(text);
    option_bench bench{{{"count", text}}};
    CHECK(bench.in.number<std::uint16_t>("count", 3, 5) == 7);
    CHECK_THAT(bench.told(), ContainsSubstring("must be from 3 to 5"));
  }
}

TEST_CASE("a duration is in its range or 0", "[option_reader]") {
  for (auto* text : {"1s", "1min", "0", "0s"}) {
    INFO(text);
    option_bench bench{{{"limit", text}}};
    bench.in.time("limit", 1s, 1min);
    CHECK(bench.told() == "");
  }
  for (auto* text : {"999ms", "61s", "-1s", "soon", ""}) {
    INFO(text);
    option_bench bench{{{"limit", text}}};
    CHECK(bench.in.time("limit", 1s, 1min) == 5s);
    CHECK_THAT(bench.told(), ContainsSubstring("must be from 1s to 1min, or 0"));
  }
}

TEST_CASE("a backend's own problems show the value or hide it",
          "[option_reader]") {
  option_bench bench{{{"name", "S3cr3t"}}};
  bench.in.refuse("name", "is too bright");
  CHECK(bench.told() == "name = S3cr3t: is too bright\n");
  bench.in.refuse_unseen("name", "is too bright");
  CHECK(bench.told() == "name: is too bright\n");
  bench.in.refuse("size", "does not fit");
  CHECK(bench.told() == "size: does not fit\n");
}

TEST_CASE("a key that the table lacks is told with the nearest one",
          "[option_reader]") {
  option_bench bench{{{"cuont", "S3cr3t"}, {"name", "x"}, {"x", "S3cr3t"}}};
  bench.in.refuse_unknown("lamps");
  REQUIRE(bench.problems.size() == 2);
  CHECK(bench.problems[0].key == "cuont");
  CHECK(bench.problems[0].message
        == "no option of the backend \"lamps\" is called that, did you mean "
           "\"count\"?");
  CHECK_THAT(bench.problems[1].message,
             ContainsSubstring("known are name, size"));
  CHECK_THAT(bench.told(), !ContainsSubstring("S3cr3t"));
}

TEST_CASE("a backend that reads what it did not declare is caught",
          "[option_reader]") {
  option_bench bench{{{"colour", "red"}}};
  CHECK_THROWS_AS(bench.in.text("colour"), std::out_of_range);
  CHECK_THROWS_AS(bench.in.flag("colour"), std::out_of_range);
}
