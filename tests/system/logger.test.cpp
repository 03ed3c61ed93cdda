// The node's log: how many lines it writes, and what it says about the rest.

#include "caf_pool/node/logger.hpp"

#include "caf_pool/node/line_budget.hpp"

#include "support/catch_compat.hpp"

#include <deque>
#include <random>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

constexpr auto start = time_point{} + 1h;

} // namespace

TEST_CASE("a log takes no more lines in a second than it may") {
  line_budget uut;
  std::size_t written = 0;
  for (auto i = 0; i < 1000; ++i)
    if (uut.take(severity::warning, start + i * 100us))
      ++written;
  CHECK(written == line_budget::max_lines - line_budget::for_errors - 1);
  // Errors are heard even then.
  CHECK(uut.take(severity::error, start + 200ms));
  // Later there is room again.
  CHECK(uut.take(severity::info, start + 1200ms));
}

TEST_CASE("a log says how many lines it left out, and how many were errors") {
  line_budget uut;
  for (auto i = 0; i < 100; ++i)
    uut.take(severity::error, start);
  CHECK(uut.owes_summary());
  CHECK(uut.summary_due() == start + 1s);
  auto missing = uut.take_summary(start + 1s);
  CHECK(missing.lines == 51);
  CHECK(missing.errors == 51);
  CHECK_FALSE(uut.owes_summary());
}

TEST_CASE("no second of a log has more lines than it may, summaries included") {
  std::mt19937 dice{4711};
  for (auto round = 0; round < 20; ++round) {
    line_budget uut;
    std::deque<time_point> written;
    auto told = std::uint64_t{0};
    auto asked = std::uint64_t{0};
    auto lines = std::uint64_t{0};
    auto now = start;
    for (auto i = 0; i < 5000; ++i) {
      now += std::chrono::microseconds{dice() % (dice() % 3 == 0 ? 40'000 : 4)};
      if (uut.owes_summary() && now >= uut.summary_due()) {
        told += uut.take_summary(now).lines;
        written.push_back(now);
      }
      ++asked;
      auto level = dice() % 4 == 0 ? severity::error : severity::info;
      if (uut.take(level, now)) {
        ++lines;
        written.push_back(now);
      }
      while (!written.empty() && now - written.front() >= 1s)
        written.pop_front();
      REQUIRE(written.size() <= line_budget::max_lines);
    }
    if (uut.owes_summary())
      told += uut.take_summary(uut.summary_due()).lines;
    CHECK(lines + told == asked);
  }
}
