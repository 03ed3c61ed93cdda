#include "actor/bench.hpp"

#include <algorithm>
#include <array>
#include <future>

// More statements than workers: who is not worth being sent any more.

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

constexpr auto statements = backend_call::execute;

pool_config one_worker(bool shed = true) {
  auto config = quiet_pool(3);
  config.workers = 1;
  config.shed_overload = shed;
  return config;
}

/// A pool whose only worker is kept busy, and callers who allow about two
/// seconds for a statement of more than one.
struct crowd : scripted_pool {
  explicit crowd(const pool_config& config = one_worker())
    : scripted_pool(config) {
    // Nobody is to wait for a connection.
    auto leases = std::array{db.acquire(), db.acquire(), db.acquire()};
    server->hold(statements);
  }

  auto begin(const std::string& text, duration limit) {
    auto order = execute{};
    order.what = text;
    order.how.deadline = add_saturated(clock::now(), limit);
    return me.start(db.actors().address, std::move(order));
  }

  /// Lets the pool see how long such a statement takes; false if this machine
  /// was too slow for it.
  bool teach() {
    auto start = clock::now();
    auto answer = begin("taught", 2100ms);
    if (!server->wait_for_held(statements))
      return false;
    eventually([&] { return clock::now() - start >= 1200ms; });
    server->let_pass(statements);
    return answer_of<outcome>(std::move(answer)).has_value();
  }

  struct answers {
    result<outcome> first;
    result<outcome> second;
  };

  /// Two of them wait for the worker, with less time left than they need.
  answers compete() {
    auto busy = begin("busy", far_away);
    (void) server->wait_for_held(statements);
    auto first = begin("first", 1500ms);
    auto second = begin("second", 1500ms);
    (void) look(db); // both are there
    server->let_pass(statements);
    (void) answer_of<outcome>(std::move(busy));
    server->let_pass(statements, 2);
    auto result = answers{answer_of<outcome>(std::move(first)),
                          answer_of<outcome>(std::move(second))};
    // What was not used must not let later ones pass.
    server->stop_holding(statements);
    server->hold(statements);
    return result;
  }

  bool was_sent(const std::string& text) const {
    auto calls = server->calls();
    return std::any_of(calls.begin(), calls.end(),
                       [&](auto& x) { return x.text == text; });
  }
};

} // namespace

TEST_CASE("a statement that would hardly end in time makes way for the next",
          "[trap-T14]") {
  auto ok = eventually([] {
    crowd uut;
    if (!uut.teach())
      return false;
    auto [first, second] = uut.compete();
    if (first || first.error().code != errc::overloaded || !second)
      return false; // a machine that stood still
    CHECK_THAT(first.error().message, ContainsSubstring("nothing was sent"));
    CHECK_FALSE(uut.was_sent("first"));
    CHECK(uut.was_sent("second")); // the last one, whatever it needs
    CHECK(look(uut.db).counters.shed == 1);
    uut.server->stop_holding(statements);
    CHECK(at_rest(uut.db));
    return true;
  });
  CHECK(ok);
}

TEST_CASE("without shedding every statement is sent that has time left") {
  auto ok = eventually([] {
    crowd uut{one_worker(false)};
    if (!uut.teach())
      return false;
    auto [first, second] = uut.compete();
    CHECK((first || first.error().code != errc::overloaded));
    uut.server->stop_holding(statements);
    return first && second;
  });
  CHECK(ok);
}

TEST_CASE("whoever calls in the program within a limit is shed as well",
          "[trap-T14]") {
  auto ok = eventually([] {
    auto config = quiet_pool(1);
    config.fast_lane = false; // uses of the front teach the pool less
    scripted_pool uut{config};
    auto within = [](duration limit) {
      auto how = acquire_options{};
      how.limit = limit;
      return how;
    };
    auto begin = [&](duration limit) {
      return std::async(std::launch::async, [&uut, how = within(limit)] {
        return uut.db.execute("SELECT 1", how).has_value();
      });
    };
    REQUIRE(uut.db.acquire()); // it is open
    uut.server->hold(statements);
    auto start = clock::now();
    auto taught = begin(2100ms);
    (void) uut.server->wait_for_held(statements);
    eventually([&] { return clock::now() - start >= 1200ms; });
    uut.server->stop_holding(statements);
    if (!taught.get())
      return false; // a machine that stood still
    auto held = uut.db.acquire();
    auto first = begin(1500ms);
    auto there = eventually([&] {
      return look(uut.db).gauges.waiting == 1
             || first.wait_for(0s) == std::future_status::ready;
    });
    auto second = uut.db.execute("SELECT 1", within(1500ms));
    // Who does not say when the use ends is served.
    auto wish = within(1500ms);
    wish.wait = 1ms;
    auto third = uut.db.acquire(wish);
    held->release();
    (void) first.get();
    CHECK(at_rest(uut.db));
    if (!there || code_of(second) != errc::overloaded)
      return false;
    CHECK(code_of(third) == errc::acquire_timeout);
    return true;
  });
  CHECK(ok);
}
