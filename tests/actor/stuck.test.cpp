#include "actor/bench.hpp"

#include <condition_variable>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

/// Lets calls of a stubborn backend wait, whatever their deadlines say.
class gate {
public:
  void shut() {
    auto guard = std::lock_guard{mutex_};
    open_ = false;
  }

  void open() {
    auto guard = std::lock_guard{mutex_};
    open_ = true;
    opened_.notify_all();
  }

  void pass() {
    auto guard = std::unique_lock{mutex_};
    opened_.wait(guard, [this] { return open_; });
  }

private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = true;
};

/// A driver at its worst: not even an abort ends its statements.
class stubborn_connection : public connection {
public:
  explicit stubborn_connection(std::shared_ptr<gate> door)
    : door_(std::move(door)) {
    // nop
  }

  result<void> probe(time_point) override {
    return {};
  }

  result<void> reset(reset_policy, time_point) override {
    return {};
  }

  result<sql_result> execute(const sql_statement&, time_point) override {
    door_->pass();
    return sql_result{};
  }

  trace state() const noexcept override {
    return broken_ ? trace::broken : trace::clean;
  }

  void abort() noexcept override {
    broken_ = true;
  }

  void close(time_point) noexcept override {
    // nop
  }

  void* native_handle() noexcept override {
    return nullptr;
  }

private:
  std::shared_ptr<gate> door_;
  std::atomic<bool> broken_{false};
};

class stubborn_backend : public backend {
public:
  result<connection_ptr> open(time_point) override {
    return connection_ptr{std::make_unique<stubborn_connection>(door)};
  }

  std::string_view kind() const noexcept override {
    return "stubborn";
  }

  std::string describe() const override {
    return "a stubborn server";
  }

  const std::shared_ptr<gate> door = std::make_shared<gate>();
};

execute limited(duration limit) {
  auto result = execute{{"SELECT 1"}};
  result.how.deadline = add_saturated(clock::now(), limit);
  return result;
}

} // namespace

TEST_CASE("an opening that hangs is given up at its limit, others go on",
          "[C12][T08][trap-T5]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  auto config = quiet_pool(2);
  config.open_timeout = 100ms;
  config.retry = {1ms, 1.0, 1ms, 1ms, true, 5};
  any_pool db{world.sys, config, server};
  server->answer_next(backend_call::open, held_back(true));
  listener ears{world.sys};
  client{world.sys}.subscribe_for(ears.actor(), db.actors().address);
  auto held = db.acquire(); // served by a later attempt
  REQUIRE(held.has_value());
  CHECK(server->held(backend_call::open) == 1);
  // On a busy machine the second attempt may miss its limit, too.
  REQUIRE(ears.wait_for(event_kind::open_failed));
  CHECK_THAT(ears.events(event_kind::open_failed)[0].text,
             ContainsSubstring("did not come back"));
  CHECK(look(db).gauges.opening == 0);
  // What comes too late is closed, not kept.
  server->let_pass(backend_call::open);
  CHECK(server->wait_for_calls(backend_call::close, 1));
  CHECK(eventually([&] { return server->connections() == 1; }));
  CHECK(server->verdict() == "");
}

TEST_CASE("a statement that minds no deadline is broken from outside",
          "[V14][T10]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  any_pool db{world.sys, quiet_pool(1), server};
  client me{world.sys};
  auto& pool = db.actors().address;
  server->answer_next(backend_call::execute, held_back(true));
  // The limit begins with the statement: opening may take a while.
  REQUIRE(db.acquire().has_value());
  auto none = me.get<outcome>(pool, limited(100ms));
  REQUIRE(!none.has_value());
  // Unless its thread gets no time for two seconds to say so.
  CHECK((none.error().code == errc::connection_lost
         || none.error().code == errc::outcome_unknown));
  CHECK(server->count(backend_call::abort) >= 1);
  CHECK(eventually([&] { return server->held(backend_call::execute) == 0; }));
  CHECK(me.get<outcome>(pool, execute{{"SELECT 1"}}).has_value());
  CHECK(server->count(backend_call::open) == 2);
  CHECK(server->verdict() == "");
}

TEST_CASE("a statement that never returns costs one thread, not the pool",
          "[C12][V14][trap-T58]") {
  actor_world world;
  auto server = std::make_shared<stubborn_backend>();
  auto config = quiet_pool(1);
  config.workers = 1;
  config.close_timeout = 100ms;
  auto by_lease = GENERATE(false, true);
  {
    any_pool db{world.sys, config, server};
    client me{world.sys};
    auto& pool = db.actors().address;
    auto order = limited(100ms);
    if (by_lease)
      order.lease = me.get<lease_grant>(pool, acquire{}).value().lease;
    server->door->shut();
    auto none = me.get<outcome>(pool, order);
    REQUIRE(!none.has_value());
    CHECK(none.error().code == errc::outcome_unknown);
    // Another connection and another worker take their place.
    auto next = me.get<lease_grant>(pool, acquire{});
    REQUIRE(next.has_value());
    CHECK(look(db).counters.lost == 1);
    CHECK(drained(db, 0s));
  }
  server->door->open(); // or the system would wait for the thread for ever
}

TEST_CASE(
  "a caller who dies while its stuck statement's connection is closed "
  "harms nobody",
  "[trap-T58]") {
  actor_world world;
  auto server = std::make_shared<stubborn_backend>();
  auto config = quiet_pool(1);
  config.close_timeout = 100ms;
  {
    any_pool db{world.sys, config, server};
    server->door->shut();
    client me{world.sys};
    static_cast<void>(me.start(db.actors().address, limited(far_away)));
    REQUIRE(shows(db, [](auto& x) { return x.gauges.leased == 1; }));
    CHECK(drained(db, 0s)); // closes the connection, as far as it can
    me.die();
    CHECK(look(db).gauges.leased == 0);
  }
  server->door->open();
}
