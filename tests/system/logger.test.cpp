// The node's log: how many lines it writes, and what it says about the rest.

#include "caf_pool/log/logger.hpp"

#include "caf_pool/log/line_budget.hpp"
#include "caf_pool/log/line_writer.hpp"

#include "support/catch_compat.hpp"
#include "support/eventually.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <random>
#include <string>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

constexpr auto start = time_point{} + 1h;

/// A pipe that is read only when the test says so.
class unread_pipe {
public:
  unread_pipe() {
    REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0);
    REQUIRE(::fcntl(ends_[0], F_SETFL, O_NONBLOCK) == 0);
  }

  unread_pipe(const unread_pipe&) = delete;
  unread_pipe& operator=(const unread_pipe&) = delete;

  ~unread_pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  int writer() const {
    return ends_[1];
  }

  /// Returns what is in it.
  std::string take() {
    std::string result;
    std::array<char, 4096> buf;
    for (auto n = ::read(ends_[0], buf.data(), buf.size()); n > 0;
         n = ::read(ends_[0], buf.data(), buf.size()))
      result.append(buf.data(), static_cast<std::size_t>(n));
    return result;
  }

private:
  std::array<int, 2> ends_{};
};

/// Stderr of this process leads there meanwhile.
class stderr_to {
public:
  explicit stderr_to(int fd) : before_(::dup(STDERR_FILENO)) {
    ::dup2(fd, STDERR_FILENO);
  }

  stderr_to(const stderr_to&) = delete;
  stderr_to& operator=(const stderr_to&) = delete;

  ~stderr_to() {
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
  }

private:
  int before_;
};

void fill(line_writer& out) {
  while (out.write(std::string(1000, 'x') + '\n'))
    ;
}

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

TEST_CASE("a line that nobody takes is given up, the next ones are written") {
  unread_pipe pipe;
  line_writer uut{pipe.writer()};
  fill(uut);
  CHECK_FALSE(uut.write("lost\n"));
  auto taken = pipe.take();
  CHECK(taken.size() % 1001 == 0);
  CHECK(uut.write("there\n"));
  CHECK(pipe.take() == "there\n");
}

TEST_CASE("what follows a line that was cut off begins a line") {
  unread_pipe pipe;
  line_writer uut{pipe.writer()};
  CHECK_FALSE(uut.write(std::string(1'000'000, 'x') + '\n'));
  CHECK_THAT(pipe.take(), EndsWith("x"));
  CHECK(uut.write("there\n"));
  CHECK(pipe.take() == "\nthere\n");
  CHECK(uut.write("here\n"));
  CHECK(pipe.take() == "here\n");
}

TEST_CASE("a log that somebody reads again says how many lines it lost") {
  unread_pipe pipe;
  stderr_to there{pipe.writer()};
  line_writer other{pipe.writer()};
  fill(other);
  logger uut{log_config{}};
  uut.write(severity::error, "lost");
  uut.write(severity::info, "lost");
  auto text = pipe.take();
  CHECK(eventually([&] {
    text += pipe.take();
    return text.find("lines_left_out lines=2 errors=1") != std::string::npos;
  }));
  CHECK(text.find("lost") == std::string::npos);
}
