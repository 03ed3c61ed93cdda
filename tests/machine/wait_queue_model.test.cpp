#include "caf_pool/machine/queue/wait_queue.hpp"

#include "machine/queue_bench.hpp"
#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <tuple>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

// The queue as one would write it who never has to be fast: a list of waiters
// that is searched anew each time.
struct naive_queue {
  struct turns {
    std::deque<std::uint32_t> ring;
  };

  bool live(const waiter& x, time_point now) const {
    return x.deadline > now;
  }

  // Those who stand in line, by rank.
  std::vector<waiter> line(std::size_t level, std::uint32_t tenant) const {
    std::vector<waiter> result;
    for (auto& x : waiting)
      if (x.priority == level && x.tenant == tenant)
        result.push_back(x);
    std::sort(result.begin(), result.end(),
              [](const waiter& x, const waiter& y) {
                return std::tie(x.enqueued, x.id) < std::tie(y.enqueued, y.id);
              });
    return result;
  }

  bool push(const waiter& x) {
    auto known = [&](const waiter& y) { return x.id == y.id; };
    if (size() >= limit || std::any_of(waiting.begin(), waiting.end(), known)
        || std::any_of(expired.begin(), expired.end(), known))
      return false;
    if (line(x.priority, x.tenant).empty())
      levels[x.priority].ring.push_back(x.tenant);
    waiting.push_back(x);
    return true;
  }

  void remove(const waiter& x) {
    std::erase(waiting, x);
    auto& level = levels[x.priority];
    if (!line(x.priority, x.tenant).empty())
      return;
    std::erase(level.ring, x.tenant);
  }

  void set_aside(time_point now) {
    auto copy = waiting;
    for (auto& x : copy) {
      if (!live(x, now)) {
        remove(x);
        expired.push_back(x);
      }
    }
  }

  std::optional<waiter> next() const {
    std::optional<waiter> result;
    for (std::size_t i = levels.size(); i-- > 0;) {
      if (levels[i].ring.empty())
        continue;
      auto x = line(i, levels[i].ring.front()).front();
      if (!result || rank(x) < rank(*result))
        result = x;
    }
    return result;
  }

  time_point rank(const waiter& x) const {
    return x.enqueued - x.priority * ageing;
  }

  std::optional<waiter> pop(time_point now) {
    set_aside(now);
    auto x = next();
    if (!x)
      return x;
    auto& level = levels[x->priority];
    remove(*x);
    if (!level.ring.empty() && level.ring.front() == x->tenant) {
      level.ring.pop_front();
      level.ring.push_back(x->tenant);
    }
    return x;
  }

  bool cancel(ticket id) {
    for (auto x : waiting) {
      if (x.id == id) {
        remove(x);
        return true;
      }
    }
    return std::erase_if(expired, [&](auto& x) { return x.id == id; }) > 0;
  }

  std::vector<waiter> expire(time_point now) {
    set_aside(now);
    std::sort(expired.begin(), expired.end(),
              [](const waiter& x, const waiter& y) {
                return std::tie(x.deadline, x.enqueued, x.id)
                       < std::tie(y.deadline, y.enqueued, y.id);
              });
    return std::exchange(expired, {});
  }

  std::size_t size() const {
    return waiting.size() + expired.size();
  }

  time_point next_deadline() const {
    auto result = never;
    for (auto* xs : {&waiting, &expired})
      for (auto& x : *xs)
        result = std::min(result, x.deadline);
    return result;
  }

  duration longest_wait(time_point now) const {
    auto result = 0ns;
    for (auto& x : waiting)
      result = std::max(result, now - x.enqueued);
    return result;
  }

  std::size_t limit = 60;
  duration ageing = 1s;
  std::vector<waiter> waiting;
  std::vector<waiter> expired;
  std::array<turns, wait_queue::priorities> levels;
};

// One history: both sides get the same inputs.
struct comparison {
  comparison() : uut(config()) {
    // nop
  }

  static wait_queue_config config() {
    auto result = queue_bench::plain();
    result.limit = 60;
    return result;
  }

  void push() {
    waiter x;
    if (!gone.empty() && *rc::gen::inRange(0, 8) == 0) {
      x = *rc::gen::elementOf(gone); // put back, or a duplicate
    } else {
      x.id = ticket{++last};
      x.enqueued = now;
      auto patience = *rc::gen::inRange(0, 6000);
      x.deadline = now + std::chrono::milliseconds{patience};
      x.priority = *rc::gen::element<std::uint8_t>(0, 0, 0, 1, 2, 7);
      x.tenant = *rc::gen::element<std::uint32_t>(0, 0, 1, 2, 3);
      gone.push_back(x);
    }
    RC_ASSERT(uut.push(x, now) == model.push(x));
  }

  void pop() {
    RC_ASSERT(uut.peek(now) == peeked());
    RC_ASSERT(uut.pop(now) == model.pop(now));
  }

  std::optional<waiter> peeked() const {
    auto copy = model;
    return copy.pop(now);
  }

  void cancel() {
    auto id = ticket{*rc::gen::inRange<std::uint64_t>(1, last + 2)};
    RC_ASSERT(uut.cancel(id) == model.cancel(id));
    RC_ASSERT_FALSE(uut.contains(id));
  }

  void expire() {
    std::vector<waiter> out;
    uut.expire(now, out);
    RC_ASSERT(out == model.expire(now));
  }

  void step() {
    auto what = *rc::gen::inRange(0, 100);
    if (what < 45)
      push();
    else if (what < 65)
      pop();
    else if (what < 75)
      cancel();
    else if (what < 80)
      expire();
    else
      now += std::chrono::milliseconds{*rc::gen::inRange(0, 500)};
  }

  void check() const {
    RC_ASSERT(uut.size() == model.size());
    RC_ASSERT(uut.empty() == (model.size() == 0));
    // Once it is due it does not matter since when.
    RC_ASSERT(std::max(uut.next_deadline(), now)
              == std::max(model.next_deadline(), now));
    RC_ASSERT(uut.longest_wait(now) == model.longest_wait(now));
  }

  void drain() {
    auto expected = model.expire(time_point::min());
    while (auto x = model.pop(time_point::min()))
      expected.push_back(*x);
    RC_ASSERT(uut.drain() == expected);
    check();
  }

  wait_queue uut;
  naive_queue model;
  time_point now = at(0s);
  std::uint64_t last = 0;
  std::vector<waiter> gone;
};

} // namespace

TEST_CASE("the queue behaves like a naive one under any history",
          "[trap-T2][trap-T3][trap-T10][trap-T13][C04][C05]") {
  CHECK(rc::check("model", [] {
    comparison both;
    for (auto n = *rc::gen::inRange(0, 600); n > 0; --n) {
      both.step();
      both.check();
    }
    both.drain();
  }));
}
