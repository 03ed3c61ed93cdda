#include "caf_pool/machine/policy/call_window.hpp"

#include "machine/virtual_time.hpp"
#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <cstdint>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

using counts = call_window::counts;

TEST_CASE("a window adds up the calls within its width") {
  call_window uut{10s};
  uut.add({3, 1, 0}, at(0s));
  uut.add({2, 0, 2}, at(4s));
  CHECK(uut.sum(at(4s)) == counts{5, 1, 2});
  CHECK(uut.sum(at(9s)) == counts{5, 1, 2});
  CHECK(uut.sum(at(10s)) == counts{2, 0, 2});
  CHECK(uut.sum(at(14s)) == counts{});
}

TEST_CASE("a window forgets however long nobody calls") {
  call_window uut{10s};
  uut.add({1, 1, 1}, at(0s));
  CHECK(uut.sum(at(100s)) == counts{});
  CHECK(uut.sum(at(24h)) == counts{});
  uut.add({1, 0, 0}, at(100s)); // the same place in the ring
  CHECK(uut.sum(at(100s)) == counts{1, 0, 0});
}

TEST_CASE("a window can be emptied and given another width") {
  call_window uut{10s};
  uut.add({1, 1, 1}, at(0s));
  uut.resize(10s);
  CHECK(uut.sum(at(0s)) == counts{1, 1, 1});
  uut.resize(20s);
  CHECK(uut.sum(at(0s)) == counts{});
  // Slices of 1 s from before are not taken for slices of 2 s later.
  CHECK(uut.sum(at(1h)) == counts{});
  uut.add({1, 1, 1}, at(0s));
  CHECK(uut.sum(at(17s)) == counts{1, 1, 1});
  uut.clear();
  CHECK(uut.sum(at(17s)) == counts{});
}

TEST_CASE("a window without width and the time before the clock do no harm") {
  call_window uut{0s};
  uut.add({1, 0, 0}, time_point::min());
  CHECK(uut.sum(time_point::min()) == counts{1, 0, 0});
}

TEST_CASE("a sample is forgotten between nine and ten tenths of the width") {
  CHECK(rc::check("age", [] {
    auto width = duration{*rc::gen::inRange<std::int64_t>(10, 100000) * 10};
    call_window uut{width};
    std::vector<time_point> samples;
    auto now = at(0s);
    for (int i = 0; i < 50; ++i) {
      now += duration{*rc::gen::inRange<std::int64_t>(0, width.count() / 5)};
      uut.add({1, 0, 0}, now);
      samples.push_back(now);
      std::uint64_t surely = 0;
      std::uint64_t perhaps = 0;
      for (auto x : samples) {
        surely += now - x <= width / 10 * 9 ? 1 : 0;
        perhaps += now - x < width ? 1 : 0;
      }
      RC_ASSERT(uut.sum(now).calls >= surely);
      RC_ASSERT(uut.sum(now).calls <= perhaps);
    }
  }));
}
