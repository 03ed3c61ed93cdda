#include "simulation/world.hpp"

#include "caf_pool/core/duration_text.hpp"

#include "machine/effect_text.hpp"
#include "work/desk_text.hpp"

namespace caf_pool::simulation {

using namespace std::chrono_literals;

std::string history::stamp(time_point now) {
  auto us = std::chrono::duration_cast<std::chrono::microseconds>(
              now.time_since_epoch() - 1h)
              .count();
  auto digits = std::to_string(us % 1000000 + 1000000).substr(1);
  return std::to_string(us / 1000000) + '.' + digits + ' ';
}

namespace {

/// Fewer threads may hang than the desk replaces.
std::uint32_t most_hangs(const plan& what) {
  auto workers = what.settings.front().workers;
  for (auto& x : what.settings)
    workers = std::min(workers, x.workers);
  return 2 * (workers + 2);
}

} // namespace

world::world(const plan& what)
  : plan_(what),
    dice_(what.seed),
    now_(time_point{} + 1h),
    uut_(std::make_unique<pool_machine>(what.settings.front(),
                                        pool_epoch{epoch_}, what.seed)),
    desk_(what.settings.front()),
    oracle_(what, truth_, front_, uut_, desk_),
    hangs_left_(most_hangs(what)) {
  truth_.callers.resize(what.scripts.size());
  truth_.connections.resize(16);
}

history& world::log() noexcept {
  return log_;
}

std::uint64_t world::inputs() const noexcept {
  return inputs_;
}

connection_truth& world::conn(connection_id id) {
  return truth_.of(id);
}

caller_truth& world::caller(std::uint32_t who) {
  return truth_.callers[who];
}

void world::play() {
  for (std::uint32_t i = 0; i < plan_.stimuli.size(); ++i)
    agenda_.add(now_ + plan_.stimuli[i].when, event::stimulus, i);
  agenda_.add(now_ + plan_.length, event::quiet);
  feed([] { return "start"; },
       [this](pool_machine& x) { return x.start(now_); });
  while (!over_) {
    auto next = agenda_.take();
    now_ = std::max({now_, next.when, frozen_until_});
    happen(next);
  }
}

void world::happen(const appointment& x) {
  switch (x.what) {
    case event::stimulus:
      happen(plan_.stimuli[x.who]);
      break;
    case event::request:
      request(x.who);
      break;
    case event::give_up:
      give_up(x.who);
      break;
    case event::cancel:
      cancel(x.who);
      break;
    case event::receive:
      receive(x.who);
      break;
    case event::let_go:
      let_go(x.who);
      break;
    case event::claim:
      claim(x.who);
      break;
    case event::release_again:
      release_again(x.who);
      break;
    case event::death:
      death(x.who);
      break;
    case event::collect:
      collect(connection_id{x.who});
      break;
    case event::begin:
      begin(job_id{x.number});
      break;
    case event::accept:
      accept(job_id{x.number});
      break;
    case event::work_done:
      come_back(job_id{x.number});
      break;
    case event::report:
      report(job_id{x.number});
      break;
    case event::repeat:
      repeat(connection_id{x.who}, job_id{x.number});
      break;
    case event::unheld:
      unheld(connection_id{x.who});
      break;
    case event::timer:
      ring(x.number);
      break;
    case event::quiet:
      calm_down();
      break;
    case event::drain:
      drain();
      break;
    case event::over:
      end();
      break;
  }
}

// -- the pool's actor ---------------------------------------------------------

void world::note_freeze() {
  auto planned = uut_->next_wakeup();
  if (planned != never && now_ - planned > 5s)
    oracle_.suspect(now_);
}

void world::act(effects orders) {
  for (auto& x : orders)
    todo_.push_back(std::move(x));
  act_on_the_rest();
}

void world::act(desk_effects orders) {
  for (auto& x : orders)
    desk_todo_.push_back(x);
  act_on_the_rest();
}

template <class Orders>
void world::act_on_next(Orders& list) {
  auto x = std::move(list.front());
  list.pop_front();
  log_.note(now_, [&x] { return "    " + to_text(x); });
  oracle_.order(x, now_);
  std::visit([this](auto& y) { perform(y); }, x);
  interleave();
}

void world::act_on_the_rest() {
  if (std::exchange(acting_, true))
    return;
  while (!todo_.empty() || !answers_.empty() || !desk_todo_.empty()) {
    if (!todo_.empty()) {
      act_on_next(todo_);
    } else if (!answers_.empty()) {
      auto id = answers_.front();
      answers_.pop_front();
      answer(id);
    } else { // the machine's orders come before what it hears next
      act_on_next(desk_todo_);
    }
  }
  acting_ = false;
  if (std::exchange(fed_, false)) // what is late is seen when it is asked
    oracle_.check_world(now_);
  oracle_.check_desk(now_);
  set_timer();
}

void world::perform(const effect::grant& x) {
  auto who = static_cast<std::uint32_t>(x.caller.value - 1);
  auto& it = caller(who);
  auto& script = plan_.scripts[who];
  it.connection = x.lease.connection;
  it.lease = x.lease;
  it.granted_at = it.known_at = now_;
  it.now = caller_truth::stage::granted;
  conn(it.connection).holder = who;
  if (it.gone) {
    give_back_unused(who);
  } else if (script.runs > 0ns) {
    execute(who, false);
  } else if (x.read_only) {
    it.now = caller_truth::stage::restricting;
    auto job = job_order{desk_.next_job(), job_kind::restrict, it.connection,
                         it.deadline};
    job.caller = x.caller;
    order(job);
  } else {
    agenda_.add(now_ + script.delivery, event::receive, who);
  }
}

void world::perform(const effect::reject& x) {
  truth_.of(x.caller).now = caller_truth::stage::done;
}

void world::perform(const effect::open_connection& x) {
  conn(x.connection).ordered_at = now_;
  order(job_kind::open, x.connection, x.deadline);
}

void world::perform(const effect::call_off_opening& x) {
  ask_desk(
    [] { return ""; },
    [&](work_desk& y) { return y.call_off(x.connection, x.abort, now_); });
}

void world::perform(const effect::probe_connection& x) {
  order(job_kind::probe, x.connection, x.deadline);
}

void world::perform(const effect::reset_connection& x) {
  order(job_kind::reset, x.connection, x.deadline);
}

void world::perform(const effect::close_connection& x) {
  auto& it = conn(x.connection);
  if (desk_.closes(x.connection)) {
    it.job_deadline = x.deadline; // a successor waits from its own start on
    return;
  }
  auto holds
    = it.holder != nobody
      && caller(it.holder).now == caller_truth::stage::holding
      && (plan_.scripts[it.holder].by_slot || caller(it.holder).from_front);
  it.open = false;
  it.offered = false;
  it.running = false;
  if (front_.collect(x.connection))
    it.on_its_way = false;
  front_.unbind(x.connection);
  auto job
    = job_order{desk_.next_job(), job_kind::close, x.connection, x.deadline};
  job.held = holds;
  if (holds)
    it.lingers_since = now_;
  if (x.abort)
    abort_work(x.connection);
  order(job);
}

void world::perform(const effect::cancel_connection& x) {
  order(job_kind::cancel, x.connection, x.deadline);
}

void world::perform(const effect::revoke_lease& x) {
  auto id = x.lease.connection;
  if (x.from_front && !front_.revoke(id, x.lease.slot_generation()))
    return;
  auto who = conn(id).holder;
  if (who != nobody) {
    caller(who).fenced = true;
    auto r = dice_.about(27, who);
    agenda_.add(now_ + r.between(1ms, 2s), event::let_go, who);
  }
  abort_work(id);
}

void world::perform(const effect::offer_connection& x) {
  if (!front_.offer(x.connection))
    fail("connection " + to_string(x.connection) + " was offered twice");
  conn(x.connection).offered = true;
}

void world::perform(const effect::withdraw_connection& x) {
  if (!front_.withdraw(x.connection))
    return;
  conn(x.connection).offered = false;
  withdrawn(x.connection);
}

void world::perform(const effect::withdraw_any&) {
  auto id = front_.withdraw_any();
  if (id)
    conn(*id).offered = false;
  withdrawn(id.value_or(connection_id{}));
}

void world::perform(const effect::shut_front& x) {
  front_.set_shut(x.shut);
}

void world::perform(const effect::look& x) {
  truth_.last_look = x.number;
  auto job = job_order{desk_.next_job(), job_kind::look, {}, x.deadline};
  looks_.emplace(job.id, x.number);
  order(job);
}

void world::perform(const effect::emit&) {
  // nop
}

void world::withdrawn(connection_id id) {
  if (plan_.answers_last)
    answers_.push_back(id);
  else
    answer(id);
}

void world::answer(connection_id id) {
  if (id)
    feed(
      [&] { return "withdrawn " + to_string(id); },
      [&](pool_machine& x) { return x.withdrawn(id, front_.uses(id), now_); });
  else
    feed([] { return "front empty"; },
         [this](pool_machine& x) { return x.front_empty(now_); });
}

void world::set_timer() {
  if (looking_)
    return;
  auto next = std::min(uut_->next_wakeup(), desk_.next_wakeup());
  if (next == never || next >= armed_for_)
    return;
  armed_for_ = next;
  auto r = dice_.about(20, ++timer_);
  agenda_.add(next + r.between(0ns, plan_.timer_slack), event::timer, 0,
              timer_);
}

void world::ring(std::uint64_t number) {
  if (number != timer_)
    return;
  armed_for_ = never;
  looking_ = true;
  look_at_front();
  feed([] { return "tick"; }, [this](pool_machine& x) { return x.tick(now_); });
  ask_desk([] { return ""; }, [this](work_desk& x) { return x.tick(now_); });
  if (desk_.next_wakeup() <= now_)
    fail("the desk wants to be woken in the past");
  looking_ = false;
  set_timer();
}

void world::look_at_front() {
  auto slots = front_.look();
  if (!slots.empty())
    feed([] { return "observe front"; },
         [&](pool_machine& x) { return x.observe_front(slots, now_); });
}

void world::collect(connection_id id) {
  auto how = front_.collect(id);
  if (!how)
    return;
  auto& it = conn(id);
  it.on_its_way = false;
  note_end(it, *how);
  feed([&] { return "returned " + to_string(id); },
       [&](pool_machine& x) { return x.returned(id, *how, now_); });
}

} // namespace caf_pool::simulation
