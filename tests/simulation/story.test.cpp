#include "simulation/story.hpp"

#include "support/catch_compat.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

using namespace caf_pool::simulation;

namespace {

namespace fs = std::filesystem;

fs::path folder() {
  return fs::path{CAF_POOL_SOURCE_DIR} / "tests/simulation/stories";
}

std::string read(const fs::path& file) {
  auto in = std::ifstream{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

// Tells a story and compares the pool's answers with those that are written.
void tell(const std::string& name) {
  auto file = folder() / (name + ".txt");
  auto written = read(file);
  REQUIRE_FALSE(written.empty());
  auto told = to_string(retell(parse_story(written)));
  if (std::getenv("CAF_POOL_REWRITE") != nullptr)
    std::ofstream{file} << told;
  else
    CHECK(written == told);
  CHECK(told.find("error: ") == told.npos);
}

} // namespace

TEST_CASE("a server that stays down is left in peace", "[B01][B02][B05][J07]") {
  tell("breaker");
}

TEST_CASE("a server that is back is found before the breaker's time is over",
          "[J03][T04]") {
  tell("recovery");
}

TEST_CASE("a failed trial opens the breaker for longer", "[B04][B12]") {
  tell("trial_fails");
}

TEST_CASE("waiters have their turn", "[C04][C11][trap-T11]") {
  tell("waiters_in_order");
}

TEST_CASE("a late grant goes on to the next waiter", "[T03][trap-T1]") {
  tell("late_grant");
}

TEST_CASE("a deadline is kept and explained", "[T01][trap-T2][trap-T70]") {
  tell("deadline");
}

TEST_CASE("an opening outlives the caller that caused it", "[C13][trap-T4]") {
  tell("opening_goes_on");
}

TEST_CASE("a stuck opening frees its slot once", "[T07][T08][trap-T5]") {
  tell("stuck_opening");
}

TEST_CASE("a burst opens no more than it needs", "[Z05][trap-T34]") {
  tell("storm");
}

TEST_CASE("one prober tries a server that is down",
          "[J02][J04][trap-T35][trap-T37]") {
  tell("server_down");
}

TEST_CASE("a wrong password is told at once", "[trap-T38][trap-T39]") {
  tell("permanent_error");
}

TEST_CASE("a drain comes to its end", "[S02]") {
  tell("drain");
}

TEST_CASE("an end by force fences holders off", "[S01][S06]") {
  tell("shut_down");
}

TEST_CASE("a successor knows leases and breaker", "[trap-T63]") {
  tell("restart");
}

TEST_CASE("a leak is told of, then ended", "[K01][K04][trap-T73]") {
  tell("leak");
}

TEST_CASE("a process that stood still trusts nothing", "[L09][trap-T29]") {
  tell("freeze");
}

TEST_CASE("the front is shut while anybody waits", "[trap-T9][trap-T11]") {
  tell("front");
}

TEST_CASE("a restart of the server is noticed before a caller does",
          "[V04][V06][V07][trap-T27]") {
  tell("validation");
}

TEST_CASE("a pause keeps deadlines", "[S09][trap-T69]") {
  tell("pause");
}

TEST_CASE("new settings replace connections without a gap",
          "[F03][Z07][trap-T67]") {
  tell("new_settings");
}

TEST_CASE("a dead holder's statement ends before the next one begins",
          "[K02][trap-T8][trap-T18][trap-T19]") {
  tell("quarantine");
}

TEST_CASE("a slot is free when the server says so", "[Z01][trap-T6]") {
  tell("slow_close");
}

TEST_CASE("every story is told") {
  auto tests
    = read(fs::path{CAF_POOL_SOURCE_DIR} / "tests/simulation/story.test.cpp");
  for (auto& entry : fs::directory_iterator{folder()}) {
    auto name = entry.path().stem().string();
    INFO(name);
    CHECK(tests.find("tell(\"" + name + "\")") != tests.npos);
  }
}

TEST_CASE("a command that makes no sense is an error in the story") {
  auto told
    = to_string(retell(parse_story("pool max_size=1\n\nat 1s dance\n")));
  CHECK_THAT(told, ContainsSubstring("error: nobody understands 'dance'"));
  told = to_string(retell(parse_story("pool max_sise=1\n")));
  CHECK_THAT(told, ContainsSubstring("error: no such setting: max_sise"));
}
