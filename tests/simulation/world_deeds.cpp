#include "caf_pool/core/duration_text.hpp"

#include "simulation/world.hpp"

namespace caf_pool::simulation {

using namespace std::chrono_literals;

using stage = caller_truth::stage;

namespace {

/// Longer than every delay that the settings of a plan allow.
constexpr duration long_enough = 7s;

/// How long the last drain waits for holders.
constexpr duration drain_limit = 500ms;

/// Longer than every window of a breaker: failures of before do not count.
constexpr duration forgotten = 12s;

} // namespace

void world::happen(const stimulus& x) {
  switch (x.what) {
    case deed::arrive:
      arrive(x.which);
      break;
    case deed::server:
      set_server(static_cast<server_mode>(x.which));
      break;
    case deed::pause:
    case deed::resume:
    case deed::reconnect:
    case deed::force_open:
    case deed::force_closed:
    case deed::unforce:
      control(x.what);
      break;
    case deed::configure:
      configure(x, false);
      break;
    case deed::recycle:
      configure(x, true);
      break;
    case deed::freeze:
      freeze(x.length);
      break;
    case deed::restart:
      restart();
      break;
    case deed::tick:
      looking_ = true;
      look_at_front();
      feed([] { return "tick by itself"; },
           [this](pool_machine& uut) { return uut.tick(now_); });
      looking_ = false;
      set_timer();
      break;
  }
}

void world::control(deed what) {
  if (what == deed::reconnect)
    oracle_.reconnect(now_);
  feed([&] { return to_string(what); },
       [&](pool_machine& x) {
         switch (what) {
           case deed::pause:
             return x.pause(now_);
           case deed::resume:
             return x.resume(now_);
           case deed::reconnect:
             return x.reconnect(now_);
           case deed::force_open:
             return x.force_breaker(breaker_state::forced_open, now_);
           case deed::force_closed:
             return x.force_breaker(breaker_state::forced_closed, now_);
           case deed::unforce:
             return x.force_breaker(breaker_state::closed, now_);
           case deed::arrive:
           case deed::server:
           case deed::configure:
           case deed::recycle:
           case deed::freeze:
           case deed::restart:
           case deed::tick:
             break;
         }
         return effects{};
       });
}

void world::configure(const stimulus& x, bool recycle) {
  auto& settings = plan_.settings[x.which];
  oracle_.settings(settings, recycle, now_);
  feed(
    [&] { return to_string(x.what) + ' ' + to_string(settings); },
    [&](pool_machine& uut) { return uut.configure(settings, recycle, now_); });
  oracle_.desk_settings(settings);
  ask_desk([] { return ""; },
           [&](work_desk& desk) { return desk.configure(settings, now_); });
}

void world::freeze(duration length) {
  log_.note(now_, [&] {
    return "the process stands still for " + to_rough_text(length);
  });
  frozen_until_ = now_ + length;
  oracle_.thaw(frozen_until_);
}

void world::restart() {
  for (auto& it : truth_.callers)
    if (it.now == stage::waiting || it.now == stage::asking)
      it.now = stage::done;
  for (auto& [id, job] : truth_.jobs) // their callers hear that nothing ran
    if (serves_caller(job.what.kind) && job.now == job_truth::stage::queued)
      job.withdrawn_at = now_;
  oracle_.restart(now_);
  truth_.old_looks = truth_.last_look;
  auto old = std::move(uut_);
  uut_ = std::make_unique<pool_machine>(
    oracle_.settings(), pool_epoch{++epoch_}, plan_.seed + epoch_);
  armed_for_ = never;
  ++timer_;
  feed([] { return "restart"; },
       [&](pool_machine& x) { return x.succeed(*old, now_); });
  ask_desk([] { return ""; }, [&](work_desk& x) { return x.succeed(now_); });
  census();
}

/// What the successor of an actor looks after.
void world::census() {
  std::vector<connection_id> returned;
  for (auto& [id, slot] : front_.slots())
    if (slot.state == front_model::slot_state::returned)
      returned.push_back(id);
  for (auto id : returned)
    collect(id);
  look_at_front();
}

// -- the last act -------------------------------------------------------------

void world::calm_down() {
  log_.note(now_, [] { return "from now on all is well"; });
  calm_ = true;
  set_server(server_mode::healthy);
  control(deed::resume);
  control(deed::unforce);
  for (std::uint32_t i = 0; i < truth_.callers.size(); ++i)
    if (caller(i).now == stage::holding)
      agenda_.add(now_ + 1ms, event::let_go, i);
  auto last = static_cast<std::uint32_t>(plan_.scripts.size() - 1);
  agenda_.add(now_ + forgotten, event::request, last);
  caller(last).now = stage::asking;
  caller(last).deadline = now_ + forgotten + plan_.scripts[last].patience;
  agenda_.add(now_ + forgotten + long_enough, event::drain);
}

void world::drain() {
  auto& s = uut_->state();
  auto& last = truth_.callers.back();
  if (!last.lease)
    fail("all is well, and still a caller was not served");
  auto changing = s.table.count(connection_state::opening)
                  + s.table.count(connection_state::closing);
  if (s.fill && changing == 0 && s.table.alive() < s.config.min_size)
    fail("all is well, and still the pool is below its minimum");
  // It may have found a dead one, or not told that its own is well.
  auto lucky = !conn(last.connection).broken && !plan_.holds_out;
  if (lucky && uut_->snapshot(now_).status != pool_status::up)
    fail("all is well, and still the pool is not up");
  agenda_.add(now_ + long_enough, event::over);
  feed([] { return "drain"; },
       [this](pool_machine& x) { return x.drain(now_); });
  oracle_.drain(now_ + drain_limit);
  ask_desk([] { return ""; },
           [this](work_desk& x) { return x.drain(drain_limit, now_); });
}

void world::end() {
  over_ = true;
  auto& s = uut_->state();
  if (s.life != pool_life::closed || s.table.size() > 0)
    fail("a drain does not come to its end");
  if (uut_->next_wakeup() != never)
    fail("a closed pool wants to be woken");
  if (!desk_.at_rest())
    fail("a desk goes on when its pool is closed");
  for (auto& x : truth_.connections)
    if (x.session && !x.job)
      fail("the server keeps a session that nobody closes");
  oracle_.check_end();
}

} // namespace caf_pool::simulation
