#include "caf_pool/machine/queue/deadline_heap.hpp"

#include "caf_pool/core/random.hpp"

#include "machine/virtual_time.hpp"
#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>

using namespace caf_pool;
using namespace std::chrono_literals;

TEST_CASE("an empty heap has no deadline") {
  deadline_heap uut;
  CHECK(uut.empty());
  CHECK(uut.next_deadline() == never);
}

TEST_CASE("the earliest deadline comes first, whatever the order of arrival") {
  deadline_heap uut;
  uut.push(0, at(3s));
  uut.push(1, at(1s));
  uut.push(2, at(2s));
  CHECK(uut.size() == 3);
  CHECK(uut.top() == 1);
  CHECK(uut.next_deadline() == at(1s));
  uut.remove(1);
  CHECK(uut.top() == 2);
  uut.remove(0);
  CHECK(uut.top() == 2);
  uut.remove(2);
  CHECK(uut.empty());
}

TEST_CASE("a cleared heap is as good as new") {
  deadline_heap uut;
  uut.push(5, at(3s));
  uut.clear();
  CHECK(uut.next_deadline() == never);
  uut.push(5, at(4s));
  CHECK(uut.next_deadline() == at(4s));
}

TEST_CASE("a heap always knows the minimum, with any slot removed at any time",
          "[C05]") {
  CHECK(rc::check("model", [] {
    deadline_heap uut;
    std::map<deadline_heap::slot, time_point> model;
    for (auto n = *rc::gen::inRange(0, 400); n > 0; --n) {
      auto slot = *rc::gen::inRange<deadline_heap::slot>(0, 60);
      if (model.erase(slot) > 0) {
        uut.remove(slot);
      } else {
        auto deadline = at(std::chrono::seconds{*rc::gen::inRange(0, 30)});
        uut.push(slot, deadline);
        model[slot] = deadline;
      }
      auto earliest = never;
      for (auto& [_, deadline] : model)
        earliest = std::min(earliest, deadline);
      RC_ASSERT(uut.size() == model.size());
      RC_ASSERT(uut.next_deadline() == earliest);
      RC_ASSERT((uut.empty() || model.at(uut.top()) == earliest));
    }
  }));
}

TEST_CASE("a deep heap keeps its order over a long history") {
  deadline_heap uut;
  std::map<deadline_heap::slot, time_point> model;
  std::multiset<time_point> order;
  random_source random{1};
  for (int i = 0; i < 100000; ++i) {
    auto slot = static_cast<deadline_heap::slot>(random.below(500));
    if (auto known = model.find(slot); known != model.end()) {
      uut.remove(slot);
      order.erase(order.find(known->second));
      model.erase(known);
    } else {
      auto deadline = at(random.between(0s, 1h));
      uut.push(slot, deadline);
      order.insert(deadline);
      model[slot] = deadline;
    }
    REQUIRE(uut.size() == order.size());
    REQUIRE(uut.next_deadline() == (order.empty() ? never : *order.begin()));
  }
}
