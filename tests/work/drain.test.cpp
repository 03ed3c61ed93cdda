#include "work/desk_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

TEST_CASE("a drain ends at its limit, and is answered after that of a close",
          "[S01][S06][trap-T33]") {
  desk_bench desk;
  CHECK(desk.drain(10s) == lines{});
  CHECK(desk.pass(9999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"shut down"});
  CHECK(desk.pass(4999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"answer drain"});
  CHECK(desk.uut.next_wakeup() == never);
  CHECK(desk.pass(24h) == lines{});
}

TEST_CASE("the shortest limit of a drain counts", "[S01]") {
  desk_bench desk;
  SECTION("the first") {
    desk.drain(10s);
    CHECK(desk.drain(1min) == lines{});
  }
  SECTION("the second") {
    desk.drain(1min);
    CHECK(desk.drain(10s) == lines{});
  }
  SECTION("that of none that never ends") {
    desk.drain(duration::max());
    CHECK(desk.drain(10s) == lines{});
  }
  SECTION("counted from when it was asked for") {
    desk.drain(11s);
    desk.pass(1s);
    CHECK(desk.drain(10001ms) == lines{});
  }
  CHECK(desk.pass(9999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"shut down"});
}

TEST_CASE("a drain without time shuts down at once", "[S06]") {
  auto limit = GENERATE(duration{0s}, duration{-1s}, duration::min());
  desk_bench desk;
  CHECK(desk.drain(limit) == lines{"shut down"});
  CHECK(desk.pass(4999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"answer drain"});
}

TEST_CASE("a drain without time interrupts one that has some", "[S06]") {
  desk_bench desk;
  desk.drain(10s);
  CHECK(desk.drain(0s) == lines{"shut down"});
  CHECK(desk.pass(10s) == lines{"answer drain"});
}

TEST_CASE("the longest drain never ends by itself", "[T10]") {
  desk_bench desk;
  CHECK(desk.drain(duration::max()) == lines{});
  CHECK(desk.uut.next_wakeup() == never);
  CHECK(desk.pass(24h) == lines{});
}

TEST_CASE("nobody makes a drain longer that closes already", "[S06]") {
  desk_bench desk;
  desk.drain(0s);
  desk.pass(3s);
  auto limit = GENERATE(duration{0s}, duration{1min});
  CHECK(desk.drain(limit) == lines{});
  CHECK(desk.pass(1999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"answer drain"});
}

TEST_CASE("who asks after the answer is answered, too", "[S06]") {
  desk_bench desk;
  desk.drain(0s);
  CHECK(desk.pass(1min) == lines{"answer drain"});
  auto limit = GENERATE(duration{0s}, duration{1min}, duration::max());
  CHECK(desk.drain(limit) == lines{});
  CHECK(desk.pass(4999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"answer drain"});
  CHECK(desk.drain(limit) == lines{});
  CHECK(desk.pass(5s) == lines{"answer drain"});
}

TEST_CASE("a drain that may not close either is answered at once") {
  auto config = desk_bench::plain();
  config.close_timeout = 0s;
  desk_bench desk{config};
  CHECK(desk.drain(0s) == lines{"shut down", "answer drain"});
  CHECK(desk.drain(0s) == lines{"answer drain"});
}

TEST_CASE("the time for closing is that of the settings at the end", "[F04]") {
  desk_bench desk;
  desk.drain(10s);
  auto config = desk_bench::plain();
  config.close_timeout = 20s;
  desk.configure(config);
  CHECK(desk.pass(10s) == lines{"shut down"});
  desk.configure(desk_bench::plain());
  CHECK(desk.pass(19999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"answer drain"});
}

TEST_CASE("a drain that ends late leaves all the time for closing") {
  desk_bench desk;
  desk.drain(10s);
  desk.wait(1min);
  CHECK(desk.tick() == lines{"shut down"});
  CHECK(desk.pass(4999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"answer drain"});
}

TEST_CASE("work goes on while a pool drains", "[S02]") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.execute(2, 2);
  desk.drain(10s);
  CHECK(desk.finished(1) == lines{"end 1 done", "run 2 on 1"});
  CHECK(desk.pass(10s) == lines{"shut down"});
  CHECK(desk.close(1) == lines{"hire 2", "run 3 on 2"});
  CHECK(desk.pass(5s) == lines{"answer drain"});
  CHECK(desk.serves(2));
}
