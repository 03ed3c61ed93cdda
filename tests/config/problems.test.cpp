#include "caf_pool/config/load.hpp"
#include "caf_pool/settings/setting_text.hpp"
#include "caf_pool/settings/settings.hpp"

#include "fixture.hpp"

#include <limits>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

std::string refused(std::string_view toml) {
  return problems_of(load_toml(toml));
}

// A value that no setting of the type takes, as TOML, and as it is shown.
struct bad_value {
  std::string toml;
  std::string shown;
};

// Values of a wrong form, and values out of range both ways.
template <class T>
std::vector<bad_value> bad_values(const setting<T>& what) {
  if constexpr (std::is_same_v<T, bool>)
    return {{"1", "1"}, {"\"true\"", "true"}};
  else if constexpr (std::is_same_v<T, duration>)
    return {{"-1", "-1s"},
            {"1e300", "1e+300"},
            {"true", "true"},
            {"\"30\"", "30"},
            {"\"soon\"", "soon"},
            {"\"-1ns\"", "-1ns"},
            {"nan", "nan"},
            {'"' + to_setting_text(what.max + duration{1}) + '"',
             to_setting_text(what.max + duration{1})}};
  else if constexpr (std::is_same_v<T, double>)
    return {{"0.5", "0.5"},   {"10.5", "10.5"}, {"inf", "inf"},
            {"-inf", "-inf"}, {"nan", "nan"},   {"\"2\"", "2"}};
  else if constexpr (std::is_integral_v<T>)
    return {{"-1", "-1"},
            {"1.5", "1.5"},
            {"\"7\"", "7"},
            {"9223372036854775807", "9223372036854775807"},
            {std::to_string(std::uint64_t{what.max} + 1),
             std::to_string(std::uint64_t{what.max} + 1)}};
  else
    return {{"\"random\"", "random"}, {"7", "7"}};
}

template <class T>
void refuse_bad_values(const std::string& table, const setting<T>& what) {
  // Free texts are checked one by one below.
  if (std::is_same_v<T, std::string> && range_text(what).empty())
    return;
  auto key = table + std::string{what.key};
  for (auto& [toml, shown] : bad_values(what)) {
    INFO(key << " = " << toml);
    auto text = refused(key + " = " + toml + '\n');
    auto column = std::to_string(key.size() + 4);
    CHECK_THAT(text, StartsWith("test.toml:1:" + column + ": " + key + " = "
                                + shown + ": "));
    // Numbers and durations name their range, the rest the choices.
    if constexpr (std::is_same_v<T, std::string>)
      CHECK_THAT(text, ContainsSubstring(range_text(what))
                         || ContainsSubstring("text in quotes"));
    else
      CHECK_THAT(text, ContainsSubstring(range_text(what)));
  }
}

} // namespace

TEST_CASE(
  "each bad value of a pool is refused with place, key, value and "
  "range",
  "[F01]") {
  pool_config x;
  for_each_setting(x, [](const auto& what, const auto&) {
    refuse_bad_values("pools.main.", what);
    refuse_bad_values("defaults.", what);
  });
}

TEST_CASE(
  "each bad value of a node is refused with place, key, value and "
  "range",
  "[F01]") {
  node_config x;
  for_each_node_setting(x, [](const auto& what, const auto&) {
    using type = std::decay_t<decltype(what.key)>;
    static_assert(std::is_same_v<type, std::string_view>);
    refuse_bad_values("", what);
  });
}

TEST_CASE("arrays, tables and dates are no values of settings", "[F01]") {
  CHECK_THAT(refused("pools.main.max_size = [1]"),
             ContainsSubstring("a whole number without quotes, not an array"));
  CHECK_THAT(refused("pools.main.max_size = 2020-01-01"),
             ContainsSubstring("not an array or a date"));
  CHECK_THAT(refused("[pools.main.max_size]\n"),
             ContainsSubstring("test.toml:1:13: pools.main.max_size"));
  CHECK_THAT(refused("[pools.main.max_size]\n"),
             ContainsSubstring("not a table"));
  CHECK_THAT(refused("node.name = 7"), ContainsSubstring("text in quotes"));
  CHECK_THAT(refused("pools.main.backend = 7"),
             ContainsSubstring("text in quotes"));
}

TEST_CASE("a value where a table belongs is refused", "[F01]") {
  CHECK_THAT(refused("pools = 3"),
             ContainsSubstring("expects a table, such as [pools], not a whole "
                               "number"));
  CHECK_THAT(refused("[[pools]]\nname = \"main\""),
             ContainsSubstring("not an array"));
  CHECK_THAT(refused("[pools.main]\nretry = 5"),
             ContainsSubstring("such as [pools.main.retry]"));
}

TEST_CASE("contradictions are reported where they were written", "[F01]") {
  CHECK_THAT(refused("[pools.main]\nmin_size = 20\n"),
             StartsWith("test.toml:2:12: pools.main.min_size = 20: is larger "
                        "than max_size (10)"));
  // Here the other of the two keys was written.
  CHECK_THAT(refused("[pools.main]\nbreaker.open_cap = \"1s\"\n"),
             StartsWith("test.toml:2:20: pools.main.breaker.open_time = 5s: is "
                        "longer than breaker.open_cap (1s)"));
}

TEST_CASE("an address that others reach is refused with the reason", "[F01]") {
  CHECK_THAT(refused("[remote]\naddress = \"0.0.0.0\""),
             StartsWith("test.toml:2:11: remote.address = 0.0.0.0: must be a "
                        "loopback address"));
  CHECK_THAT(refused("[admin]\naddress = \"example.org\""),
             ContainsSubstring("without a login"));
}

// -- unknown keys -------------------------------------------------------------

TEST_CASE("an unknown key is refused with the nearest known one", "[F01]") {
  CHECK(refused("[pools.main]\n  max_sise = 5\n")
        == "test.toml:2:3: pools.main.max_sise: is no known key, did you mean "
           "\"max_size\"?");
  CHECK_THAT(refused("[pools.main.retry]\natempts = 5\n"),
             ContainsSubstring("did you mean \"attempts\"?"));
  CHECK_THAT(refused("[pools.main.sqlite]\npth = \"x\"\n"),
             ContainsSubstring("pools.main.sqlite.pth: is no known key, did "
                               "you mean \"path\"?"));
  CHECK_THAT(refused("[pools.main]\nhost = \"db\"\n"),
             ContainsSubstring("pools.main.host: is no known key; it belongs "
                               "below [pools.main.fake]"));
  CHECK_THAT(refused("[nod]\nname = \"x\"\n"),
             ContainsSubstring("did you mean \"node\"?"));
  CHECK_THAT(refused("[pool.main]\nmax_size = 3\n"),
             ContainsSubstring("did you mean \"pools\"?"));
  CHECK_THAT(refused("[node]\nthreads = 3\n"),
             ContainsSubstring("scheduler_threads"));
  CHECK_THAT(refused("[pools.main]\nxyzzy = 3\n"),
             ContainsSubstring("base.toml shows every key"));
  CHECK_THAT(refused("[pools.main]\npol_size = 3\n"),
             ContainsSubstring("did you mean \"pool_size\"?"));
}

TEST_CASE("an unknown table is reported once, not for each of its keys",
          "[F01]") {
  auto result = load_toml("[pool.main]\na = 1\nb = 2\n[pool.other]\nc = 3\n");
  CHECK(result.problems().size() == 1);
}

TEST_CASE("an unknown backend is refused with the known ones", "[F01]") {
  CHECK_THAT(refused("[pools.main]\nbackend = \"sqlit\"\n"),
             StartsWith("test.toml:2:11: pools.main.backend = sqlit: is no "
                        "known backend, did you mean \"sqlite\"?"));
  CHECK_THAT(refused("[pools.main]\nbackend = \"oracle\"\n"),
             ContainsSubstring("known are"));
}

TEST_CASE("keys with strange characters are refused", "[F01]") {
  CHECK_THAT(refused("\"a.b\" = 1"), ContainsSubstring("is no key"));
  CHECK_THAT(refused("[pools.\"x\\ny\"]\n"), ContainsSubstring("is no key"));
  CHECK(refused("[pools.\"x\\ny\"]\n").find('\n') == std::string::npos);
  CHECK_THAT(refused("[pools.1st]\n"), ContainsSubstring("beginning with a "
                                                         "letter"));
}

// -- backends -----------------------------------------------------------------

TEST_CASE("problems of a backend's options point to the file", "[F01]") {
  auto head = std::string{"[pools.main]\nbackend = \"fake\"\n"};
  CHECK(refused(head + "fake.port = 13\n")
        == "test.toml:3:13: pools.main.fake.port = 13: brings bad luck");
  CHECK(refused(head + "max_size = 100\nfake.label = \"x\"\n")
        == "test.toml:3:12: pools.main.max_size = 100: must be below 100 with "
           "a label");
  CHECK_THAT(refused(head + "fake.host = []\n"),
             ContainsSubstring("expects one value, not an array"));
}

TEST_CASE("a database in memory takes one connection", "[F01]") {
  config_source source;
  source.location = "test.toml";
  auto text
    = problems_of(load_text("[pools.main]\nmax_size = 2\n"
                            "sqlite.path = \":memory:\"\n",
                            source, backend_registry::with_defaults()));
  CHECK_THAT(text,
             ContainsSubstring("test.toml:2:12: pools.main.max_size = 2"));
}

// -- all at once --------------------------------------------------------------

TEST_CASE("all problems of all files come at once", "[F01]") {
  temp_folder folder;
  folder.write("base.toml", "[defaults]\nmax_size = 0\nfoo = 1\n");
  folder.write("prod.toml",
               "[pools.main]\nworkers = 99\nacquire_timeout = \"5\"\n"
               "[pools.other]\nbackend = \"nope\"\n");
  config_source source;
  source.location = folder.path();
  source.profile = "prod";
  source.environment = {{"CAF_POOL__NODE__SCHEDULER_THREADS", "1"}};
  source.overrides = {"pools.main.retry.cap=0s"};
  auto text = problems_of(load(source, test_registry()));
  for (auto part :
       {"base.toml:2:12: defaults.max_size = 0", "base.toml:3:1: defaults.foo",
        "prod.toml:2:11: pools.main.workers = 99",
        "prod.toml:3:19: pools.main.acquire_timeout = 5",
        "prod.toml:5:11: pools.other.backend = nope",
        "environment CAF_POOL__NODE__SCHEDULER_THREADS: "
        "node.scheduler_threads = 1",
        "command line: pools.main.retry.cap = 0s"})
    CHECK_THAT(text, ContainsSubstring(part));
}

TEST_CASE("a bad default is reported once, not for every pool", "[F01]") {
  auto result = load_toml(
    "[defaults]\nworkers = 99\n[pools.a]\nworkers = 1\n"
    "[pools.b]\nworkers = 1\n");
  CHECK(result.problems().size() == 1);
}

TEST_CASE("both files are parsed even if the first is broken", "[F01]") {
  temp_folder folder;
  folder.write("base.toml", "a = \n");
  folder.write("prod.toml", "[x\n");
  config_source source;
  source.location = folder.path();
  source.profile = "prod";
  // What the environment says cannot be judged without the files.
  source.environment = {{"CAF_POOL__POOLS__MAIN__MAX_SIZE", "3"}};
  auto result = load(source, test_registry());
  REQUIRE(result.problems().size() == 2);
  CHECK(result.problems()[0].where.starts_with("base.toml:1:"));
  CHECK(result.problems()[1].where.starts_with("prod.toml:1:"));
}

TEST_CASE("threads of all pools together are bounded", "[F01]") {
  std::string toml;
  for (int i = 0; i < 15; ++i)
    toml += "[pools.p" + std::to_string(i) + "]\n";
  CHECK_THAT(refused(toml), ContainsSubstring("60 workers"));
}
