#include "support/catch_compat.hpp"
#include "support/process.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

std::string program() {
  auto* path = std::getenv("CAF_POOL_BENCH");
  REQUIRE(path != nullptr);
  return path;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    result.push_back(line);
  return result;
}

using row = nlohmann::json;

/// How far a measurement misses its goal, 1 or less if it does not, where that
/// says something on a machine that also runs tests: for values beside their
/// baselines, which stalls hit alike. Nothing for all others.
double missed_by(const row& x) {
  auto goal = std::istringstream{x.at("goal").get<std::string>()};
  std::string at, bound, rest;
  double limit = 0;
  goal >> at >> bound >> limit;
  std::getline(goal, rest);
  auto ratio = x.at("ratio").get<double>();
  if (rest != " of the baseline" || ratio <= 0 || limit <= 0)
    return 0;
  return bound == "most" ? ratio / limit : limit / ratio;
}

/// Sanitizers slow our code and not what stands beside it: CAF, libpq.
bool slows_one_side() {
  return std::getenv("CAF_POOL_SANITIZED") != nullptr;
}

/// Counts that no stall can change: what must never happen.
bool is_promise(const row& x) {
  auto params = x.at("params");
  auto what = params.value("measure", std::string{});
  return what == "leaked" || what == "connects at a time afterwards";
}

void check_form(const row& x) {
  REQUIRE(x.at("params").is_object());
  CHECK(x.at("value").is_number());
  CHECK(x.at("baseline").is_number());
  CHECK(x.at("ratio").is_number());
  CHECK(!x.at("unit").get<std::string>().empty());
  CHECK(!x.at("baseline_name").get<std::string>().empty());
  CHECK(!x.at("goal").get<std::string>().empty());
}

std::vector<row> run_once(const std::string& with,
                          const std::vector<std::string>& figures) {
  process_options x;
  x.command = {with, "--quick", "--repeats", "1", "--json"};
  for (auto& id : figures) {
    x.command.push_back("--figure");
    x.command.push_back(id);
  }
  auto done = run(std::move(x), {}, 10min);
  CAPTURE(done.out, done.err);
  REQUIRE((done.status == 0 || done.status == 1));
  std::vector<row> result;
  auto all_reached = true;
  for (auto& line : lines_of(done.out)) {
    auto& last = result.emplace_back(row::parse(line));
    check_form(last);
    all_reached = all_reached && last.at("reached").get<bool>();
    if (is_promise(last)) {
      CAPTURE(line);
      CHECK(last.at("reached").get<bool>());
    }
  }
  CHECK(all_reached == (done.status == 0));
  return result;
}

/// Tells whether a measurement is of the slowest calls: of a short repeat, that
/// is how long the machine stood still.
bool is_tail(const row& x) {
  auto& params = x.at("params");
  return params.contains("measure")
         && params.at("measure").get<std::string>().starts_with("p9");
}

/// Runs figures as quickly as it goes, and checks what they print. A ratio may
/// miss its goal by this factor: one repeat on a busy machine says no more, and
/// a stall may hit one side, so that only what is missed each time counts.
/// Returns how many measurements each figure printed.
std::multiset<std::string> measure(const std::string& with,
                                   const std::vector<std::string>& figures) {
  constexpr double margin = 3;
  std::map<std::string, int> misses;
  std::string far_off;
  for (auto attempt = 1; attempt <= 3; ++attempt) {
    std::multiset<std::string> result;
    far_off.clear();
    for (auto& x : run_once(with, figures)) {
      result.insert(x.at("figure").get<std::string>());
      auto what = x.at("figure").dump() + x.at("params").dump();
      if (!slows_one_side() && !is_tail(x) && missed_by(x) > margin
          && ++misses[what] == attempt)
        far_off += x.dump() + '\n';
    }
    if (far_off.empty())
      return result;
  }
  FAIL("missed by more than a factor of three, three times:\n" + far_off);
  return {};
}

} // namespace

TEST_CASE("the benchmark lists every figure once") {
  process_options x;
  x.command = {program(), "--list"};
  auto done = run(std::move(x));
  CHECK(done.status == 0);
  std::vector<std::string> ids;
  for (auto& line : lines_of(done.out))
    ids.push_back(line.substr(0, line.find(' ')));
  CHECK(ids
        == std::vector<std::string>{"F1", "F2", "F3", "F4", "F5", "F6", "F7",
                                    "F8", "F9", "F10", "F24", "F27", "F40",
                                    "F41", "F42", "F45"});
}

TEST_CASE("a ratio that is missed is told from one that is reached") {
  auto with = [](double ratio, const char* goal) {
    return missed_by(row{{"ratio", ratio}, {"goal", goal}});
  };
  CHECK(with(3.0, "at most 1.5 of the baseline") == 2.0);
  CHECK(with(0.5, "at most 1.0 of the baseline") == 0.5);
  CHECK(with(0.25, "at least 0.5 of the baseline") == 2.0);
  CHECK(with(70, "at least 50 of the baseline") < 1.0);
  CHECK(with(3.0, "at most 40 ns") == 0);
  CHECK(with(3.0, "at most 60 us above the baseline") == 0);
  CHECK(with(0, "none") == 0);
}

TEST_CASE("figures of one process are measured beside their baselines") {
  auto rows = measure(program(), {"F1", "F2", "F3"});
  CHECK(rows.count("F1") == 8); // four numbers of threads, two baselines
  CHECK(rows.count("F2") == 3);
  CHECK(rows.count("F3") == 2); // with the front and without
  CHECK(rows.size() == 13);
}

TEST_CASE("figures with a node are measured beside their baselines") {
  auto rows = measure(program(), {"F6", "F8"});
  CHECK(rows.count("F6") == 2);
  CHECK(rows.count("F8") == 5);
}

TEST_CASE("figures with PostgreSQL are measured beside their baselines") {
  auto script = std::string{CAF_POOL_SOURCE_DIR} + "/tests/bench/run";
  auto rows = measure(script, {"F4", "F5", "F9", "F27"});
  CHECK(rows.count("F4") == 2);
  CHECK(rows.count("F5") == 1);
  CHECK(rows.count("F9") == 7);
  CHECK(rows.count("F27") == 2);
}

#if CAF_POOL_WITH_REDIS

TEST_CASE("figures with Redis are measured beside their baselines") {
  auto script = std::string{CAF_POOL_SOURCE_DIR} + "/tests/bench/run";
  auto rows = measure(script, {"F40", "F41", "F42", "F45"});
  CHECK(rows.count("F40") == 2);
  CHECK(rows.count("F41") == 2);
  CHECK(rows.count("F42") == 2);
  CHECK(rows.count("F45") == 1);
}

#endif

TEST_CASE("a figure that lacks what it needs says how to get it") {
  process_options x;
  x.command = {program(), "--figure", "F4"};
  auto done = run(std::move(x));
  CHECK(done.status == 64);
  CHECK(done.out.empty());
  CHECK_THAT(done.err, ContainsSubstring("tests/bench/run"));
}

TEST_CASE("a figure that does not exist is wrong usage") {
  process_options x;
  x.command = {program(), "--figure", "F77"};
  CHECK(run(std::move(x)).status == 64);
}
