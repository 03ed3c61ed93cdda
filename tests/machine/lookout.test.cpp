#include "caf_pool/machine/policy/lookout.hpp"

#include "machine/virtual_time.hpp"
#include "support/catch_compat.hpp"

#include <algorithm>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

using move = lookout::move;

error nobody() {
  return {errc::open_failed, "connection refused", {}};
}

error starting() {
  return {errc::open_failed, "the database system is starting up", "57P03"};
}

/// A server that looks and logins reach, and the time.
struct player {
  explicit player(std::uint64_t seed = 1) : uut(random_source{seed}) {
    uut.watch(now, {});
  }

  /// Lets time pass; `look` answers looks, a login fails.
  template <class F>
  void play(duration length, F look) {
    auto end = now + length;
    while (uut.next_wakeup() <= end) {
      now = std::max(now, uut.next_wakeup());
      switch (uut.next_move(now)) {
        case move::none:
          FAIL("woken for nothing");
          break;
        case move::look:
          answer(look());
          break;
        case move::login:
          logins.push_back(now);
          uut.connected(now);
          uut.logs_in(now);
          uut.login_failed(now);
          break;
      }
    }
    now = end;
  }

  void answer(const error& why) {
    looks.push_back(now);
    if (why.code != errc::open_failed || !why.state.empty())
      seen.push_back(now);
    uut.looked(uut.look(now, now + 1s), why, now);
  }

  /// The most connects that the server saw in a second.
  std::size_t worst_second() const {
    auto all = seen;
    all.insert(all.end(), logins.begin(), logins.end());
    std::sort(all.begin(), all.end());
    std::size_t most = 0;
    for (auto i = all.begin(); i != all.end(); ++i)
      most = std::max(most, static_cast<std::size_t>(
                              std::lower_bound(i, all.end(), *i + 1s) - i));
    return most;
  }

  duration longest_gap(const std::vector<time_point>& x) const {
    auto result = duration::zero();
    for (std::size_t i = 1; i < x.size(); ++i)
      result = std::max(result, x[i] - x[i - 1]);
    return result;
  }

  time_point now = at(0s);
  lookout uut;
  std::vector<time_point> looks;
  std::vector<time_point> logins;
  std::vector<time_point> seen;
};

} // namespace

TEST_CASE("looks for a server that is gone come every 50 ms, later 700 ms",
          "[J02][J09]") {
  auto seed = GENERATE(range(std::uint64_t{1}, std::uint64_t{20}));
  player it{seed};
  it.play(30s, nobody);
  CHECK(it.longest_gap(it.looks) <= 50ms);
  CHECK(it.looks.size() < 720);
  it.looks.clear();
  it.play(60s, nobody);
  CHECK(it.longest_gap(it.looks) <= 700ms);
  CHECK(it.longest_gap(it.looks) > 600ms);
  CHECK(it.logins.empty());
  // Found, it is logged in to at once.
  it.play(700ms, [] { return error{}; });
  REQUIRE(it.logins.size() > 0);
  CHECK(it.logins.front() - it.seen.front() < 1ms);
}

TEST_CASE("two pools do not look at the same times", "[J09]") {
  player one{1};
  player two{2};
  one.play(10s, nobody);
  two.play(10s, nobody);
  auto both = 0;
  for (auto x : one.looks)
    both += std::find(two.looks.begin(), two.looks.end(), x) != two.looks.end();
  CHECK(both < 3);
}

TEST_CASE("a server that listens and lets nobody in is asked ever more rarely",
          "[J04][trap-T37]") {
  player it;
  it.play(10s, nobody);
  it.play(60s, [] { return error{}; });
  CHECK(it.worst_second() <= lookout::most);
  CHECK(it.logins.size() < 60);
  CHECK(it.logins.back() - it.logins[it.logins.size() - 2] > 5s);
  SECTION("until nobody listens for once") {
    it.play(10s, nobody);
    it.looks.clear();
    it.play(1s, nobody);
    CHECK(it.longest_gap(it.looks) <= 50ms);
  }
}

TEST_CASE("that somebody was there all the time tells nothing new") {
  player it;
  it.play(60s, [] { return error{}; });
  REQUIRE(!it.logins.empty());
  CHECK(it.logins.front() >= at(100ms));
  CHECK(it.worst_second() <= lookout::most);
  CHECK(it.logins.size() < 60);
}

TEST_CASE("a server that says that it starts is asked with measure") {
  player it;
  it.play(3s, nobody);
  it.play(20s, starting);
  CHECK(it.worst_second() <= lookout::most);
  CHECK(it.logins.empty());
  // But for one wait until there is room again.
  CHECK(it.longest_gap(it.seen) <= 450ms);
  auto late = std::vector<time_point>(it.seen.begin() + 10, it.seen.end());
  CHECK(it.longest_gap(late) <= 200ms);
}

TEST_CASE("whatever a server answers, it sees eight connects a second at most",
          "[J04]") {
  auto seed = GENERATE(range(std::uint64_t{1}, std::uint64_t{50}));
  auto r = random_source{seed};
  player it{seed};
  for (auto i = 0; i < 200; ++i) {
    auto mood = r.below(4);
    it.play(r.between(1ms, 2s), [&] {
      auto x = mood == 3 ? r.below(3) : mood;
      return x == 0 ? nobody() : x == 1 ? starting() : error{};
    });
    if (r.below(10) == 0) {
      it.uut.rest(it.now);
      it.uut.watch(it.now, it.now);
    }
  }
  CHECK(it.worst_second() <= lookout::most);
}

TEST_CASE("connects that failed before the first look count, others do not",
          "[J04]") {
  lookout uut{random_source{1}};
  for (auto i = 0; i < 4; ++i)
    uut.connected(at(0ms)); // these went well
  for (auto i = 0; i < 4; ++i)
    uut.connected(at(100ms));
  uut.watch(at(200ms), at(50ms));
  for (auto i = 0; i < 4; ++i) {
    CHECK(uut.may_connect(at(200ms)));
    uut.connected(at(200ms));
  }
  CHECK_FALSE(uut.may_connect(at(200ms)));
  CHECK(uut.free_at() == at(100ms) + lookout::window);
}

TEST_CASE("connects stay limited for a while after the server is back") {
  player it;
  it.play(3s, nobody);
  CHECK(it.uut.limits(it.now));
  it.uut.rest(it.now);
  for (auto i = 0; i < 8; ++i) {
    CHECK(it.uut.may_connect(it.now));
    it.uut.connected(it.now);
  }
  CHECK_FALSE(it.uut.may_connect(it.now));
  CHECK(it.uut.free_at() == it.now + lookout::window);
  it.uut.satisfied(it.now + 1s);
  CHECK(it.uut.limits(it.now + 1s)); // too early to tell
  it.uut.satisfied(it.now + 2s);
  CHECK_FALSE(it.uut.limits(it.now + 2s));
}

TEST_CASE("a backend that cannot look is not asked again") {
  player it;
  it.play(1s, [] { return error{errc::not_supported, "no", {}}; });
  CHECK(it.looks.size() == 1);
  CHECK(it.uut.blind());
  it.uut.watch(it.now, {});
  CHECK(it.uut.next_wakeup() == never);
  CHECK_FALSE(it.uut.limits(it.now));
  it.uut.start_over(); // another way to the server
  CHECK_FALSE(it.uut.blind());
}

TEST_CASE("a look without an answer is given up, and its answer is late") {
  player it;
  auto number = it.uut.look(it.now, it.now + 1s);
  CHECK(it.uut.next_move(it.now + 500ms) == move::none);
  CHECK(it.uut.next_wakeup() == it.now + 1s);
  it.now += 1s;
  it.uut.give_up(it.now);
  CHECK(it.uut.next_move(it.now) == move::look);
  it.uut.looked(number, {}, it.now);
  CHECK(it.uut.next_move(it.now) == move::look);
}
