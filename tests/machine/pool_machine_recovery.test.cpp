#include "machine/pool_bench.hpp"

#include <algorithm>
#include <functional>
#include <map>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

/// How a server behaves from outside.
enum class server { up, gone, silent, proxied, starting };

/// A pool, a server, and callers that come again 10 ms after each failure.
class play {
public:
  explicit play(const pool_config& x, std::uint32_t callers = 32,
                std::uint64_t seed = 7)
    : uut_(x, pool_epoch{1}, seed) {
    perform(uut_.start(now));
    for (std::uint64_t i = 1; i <= callers; ++i)
      call(i);
  }

  void let(duration length) {
    auto end = now + length;
    while (true) {
      auto next = std::min(uut_.next_wakeup(), first());
      if (next > end)
        break;
      now = std::max(now, next);
      if (!agenda_.empty() && agenda_.begin()->first <= now) {
        auto what = std::move(agenda_.extract(agenda_.begin()).mapped());
        what();
      } else {
        perform(uut_.tick(now));
      }
      REQUIRE(uut_.violations(now).empty());
    }
    now = end;
  }

  /// Sessions die, and the server is so from now on.
  void become(server x) {
    mode = x;
    ++sessions_;
    back = now;
  }

  std::size_t worst_second() const {
    std::size_t most = 0;
    for (auto i = connects.begin(); i != connects.end(); ++i)
      most = std::max(
        most, static_cast<std::size_t>(std::count_if(
                i, connects.end(), [i](auto x) { return x < *i + 1s; })));
    return most;
  }

  duration first_success() const {
    auto i = std::lower_bound(successes.begin(), successes.end(), back);
    return i == successes.end() ? duration::max() : *i - back;
  }

  time_point now = at(0s);
  time_point back{};
  server mode = server::up;
  std::vector<time_point> connects;
  std::vector<time_point> successes;
  std::uint32_t at_a_time = 0;
  std::uint32_t most_at_a_time = 0;
  std::uint32_t looks = 0;
  duration longest_answer = duration::zero();
  lines events;

  const pool_machine& pool() const {
    return uut_;
  }

private:
  time_point first() const {
    return agenda_.empty() ? never : agenda_.begin()->first;
  }

  void after(duration x, std::function<void()> what) {
    agenda_.emplace(now + x, std::move(what));
  }

  void call(std::uint64_t who) {
    acquire_input x;
    x.caller = ticket{who + 1000 * ++calls_};
    x.how.wait_until = now + 2s;
    asked_[x.caller.value] = now;
    perform(uut_.acquire(x, now));
  }

  void perform(effects orders) {
    for (auto& x : orders)
      std::visit([this](auto& order) { on(order); }, x);
  }

  void answered(ticket x) {
    longest_answer = std::max(longest_answer, now - asked_[x.value]);
    asked_.erase(x.value);
  }

  void on(effect::grant& x) {
    answered(x.caller);
    auto who = x.caller.value % 1000;
    after(5ms, [this, x, who] {
      lease_end how;
      if (session_[x.lease.connection.value] != sessions_) {
        how.left = trace::broken;
        how.why = pool_bench::failure();
      } else {
        successes.push_back(now);
      }
      perform(uut_.release(x.lease, how, now));
      after(how.why ? 10ms : 0ms, [this, who] { call(who); });
    });
  }

  void on(effect::reject& x) {
    answered(x.caller);
    auto who = x.caller.value % 1000;
    after(10ms, [this, who] { call(who); });
  }

  /// Somebody connects; returns how the server takes that.
  error connect(duration& takes) {
    if (mode == server::gone)
      return {errc::open_failed, "connection refused", {}};
    if (mode == server::silent) {
      takes = 10min;
      return {errc::open_timeout, "no answer", {}};
    }
    connects.push_back(now);
    if (mode == server::proxied)
      return {errc::connection_lost, "closed without a word", {}};
    if (mode == server::starting)
      return {errc::open_failed, "the server is starting", "57P03"};
    return {};
  }

  void on(effect::look& x) {
    ++looks;
    auto takes = duration{2ms};
    auto why = connect(takes);
    takes = std::min(takes, x.deadline - now);
    after(takes, [this, x, why, end = begin(takes)] {
      at_a_time -= end;
      perform(uut_.looked(x.number, why, now));
    });
  }

  void on(effect::open_connection& x) {
    auto takes = duration{10ms};
    auto why = connect(takes);
    takes = std::min(takes, x.deadline - now);
    after(takes, [this, x, why, takes, end = begin(takes)] {
      at_a_time -= end;
      session_[x.connection.value] = sessions_;
      perform(why ? uut_.open_failed(x.connection, why, takes, now)
                  : uut_.opened(x.connection, takes, now));
    });
  }

  /// Counts what the server sees.
  std::uint32_t begin(duration takes) {
    auto seen = takes <= 10ms ? 1u : 0u;
    at_a_time += seen;
    most_at_a_time = std::max(most_at_a_time, at_a_time);
    return seen;
  }

  void on(effect::close_connection& x) {
    after(1ms, [this, x] { perform(uut_.closed(x.connection, now)); });
  }

  void on(effect::emit& x) {
    events.push_back(std::string{to_string(x.event.kind)});
  }

  template <class T>
  void on(T&) {
    // nop
  }

  pool_machine uut_;
  std::multimap<time_point, std::function<void()>> agenda_;
  std::map<std::uint64_t, std::uint64_t> session_;
  std::map<std::uint64_t, time_point> asked_;
  std::uint64_t sessions_ = 0;
  std::uint64_t calls_ = 0;
};

pool_config defaults() {
  auto result = pool_bench::plain();
  result.max_size = 10;
  result.min_size = 10;
  result.breaker = {};
  result.retry = {};
  return result;
}

} // namespace

TEST_CASE(
  "the first caller is served within 0.1 s after a server is back, within "
  "1 s after a long outage",
  "[J03][J04][trap-T34][trap-T37]") {
  auto seed = GENERATE(range(std::uint64_t{1}, std::uint64_t{5}));
  auto away = GENERATE(100ms, 5s, 29s, 120s);
  play it{defaults(), 8, seed};
  it.let(5s);
  REQUIRE(it.pool().state().table.alive() == 10);
  it.connects.clear();
  it.most_at_a_time = 0;
  it.become(server::gone);
  it.let(away);
  CHECK(it.connects.empty());
  it.become(server::up);
  it.let(20s);
  INFO("seed " << seed << ", away for " << away / 1ms << " ms");
  CHECK(it.first_success() <= (away <= 30s ? 100ms : 1s));
  CHECK(it.worst_second() <= 8);
  CHECK(it.most_at_a_time <= 2);
  CHECK(it.pool().snapshot(it.now).status != pool_status::down);
  CHECK(it.pool().state().table.alive() == 10);
}

TEST_CASE("while the breaker is open callers are answered at once", "[B02]") {
  auto config = defaults();
  config.open_timeout = 500ms;
  auto how
    = GENERATE(server::gone, server::silent, server::proxied, server::starting);
  play it{config};
  it.let(5s);
  it.become(how);
  it.let(3s);
  auto& counters = it.pool().state().counters;
  auto before = counters.rejected_by_breaker;
  it.let(5s);
  // 32 callers, 100 times a second, but for the time of an ordinary trial.
  CHECK(counters.rejected_by_breaker - before > 10'000);
}

TEST_CASE("a server that listens and lets nobody in is not hammered",
          "[J04][trap-T37]") {
  auto how = GENERATE(server::proxied, server::starting);
  play it{defaults()};
  it.let(5s);
  it.connects.clear();
  it.become(how);
  it.let(120s);
  CHECK(it.worst_second() <= 8);
  it.become(server::up);
  it.let(20s);
  CHECK(it.first_success() <= 1500ms);
  CHECK(it.worst_second() <= 8);
}
