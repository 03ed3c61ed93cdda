#include "support/catch_compat.hpp"
#include "support/process.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>
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

/// Runs figures as quickly as it goes, and checks the form of what they print.
/// Whether a goal is reached says nothing on a machine that also runs tests.
/// Returns how many measurements each figure printed.
std::multiset<std::string> measure(std::string with,
                                   const std::vector<std::string>& figures) {
  process_options x;
  x.command = {std::move(with), "--quick", "--repeats", "1", "--json"};
  for (auto& id : figures) {
    x.command.push_back("--figure");
    x.command.push_back(id);
  }
  auto done = run(std::move(x), {}, 10min);
  CAPTURE(done.out, done.err);
  REQUIRE((done.status == 0 || done.status == 1));
  std::multiset<std::string> result;
  auto all_reached = true;
  for (auto& line : lines_of(done.out)) {
    auto row = nlohmann::json::parse(line);
    REQUIRE(row.at("params").is_object());
    CHECK(row.at("value").is_number());
    CHECK(row.at("baseline").is_number());
    CHECK(row.at("ratio").is_number());
    CHECK(!row.at("unit").get<std::string>().empty());
    CHECK(!row.at("baseline_name").get<std::string>().empty());
    CHECK(!row.at("goal").get<std::string>().empty());
    all_reached = all_reached && row.at("reached").get<bool>();
    result.insert(row.at("figure").get<std::string>());
  }
  CHECK(all_reached == (done.status == 0));
  return result;
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
                                    "F8", "F9", "F10", "F24", "F27"});
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
  CHECK(rows.count("F9") == 6);
  CHECK(rows.count("F27") == 2);
}

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
