#include "caf_pool/actor/pool_actor.hpp"

#include "caf_pool/actor/pool_check.hpp"
#include "caf_pool/backend/registry.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

namespace {

/// Makes the machine of this life of the pool and keeps the last one.
std::unique_ptr<pool_machine> next_machine(pool_estate& estate) {
  auto epoch = pool_epoch{++estate.epochs};
  auto seed
    = static_cast<std::uint64_t>(clock::now().time_since_epoch().count());
  return std::make_unique<pool_machine>(estate.config, epoch, seed);
}

/// Between two looks at what the server warned of.
constexpr duration pause_between_warnings = std::chrono::seconds{1};

error it_ends(const std::string& name) {
  return {errc::draining,
          "pool \"" + name
            + "\" drains; it can be brought back when it is closed",
          {}};
}

#ifdef NDEBUG
constexpr std::uint32_t check_interval = 1000;
#else
constexpr std::uint32_t check_interval = 1;
#endif

} // namespace

pool_actor::pool_actor(caf::actor_config& cfg,
                       std::shared_ptr<pool_estate> estate)
  : pool_shell::base(cfg),
    estate_(std::move(estate)),
    machine_(*(estate_->predecessor = std::move(estate_->machine),
               estate_->machine = next_machine(*estate_))) {
  drop_unexpected(this);
}

pool_actor::behavior_type pool_actor::make_behavior() {
  estate_->install(this);
  take_over();
  return {
    [this](const acquire& x) { return on_acquire(x); },
    [this](const acquire_lease& x) { return on_acquire_lease(x); },
    [this](const release& x) { on_release(x); },
    [this](const revoke_lease& x) { on_revoke(x); },
    [this](const execute& x) { return on_execute(x); },
    [this](const cancel_request& x) { on_cancel(x); },
    [this](const get_snapshot&) { return on_snapshot(); },
    [this](const subscribe& x) { on_subscribe(x); },
    [this](const control& x) { return on_control(x); },
    [this](const reconfigure& x) { return on_reconfigure(x); },
    [this](const queue_caller& x) { on_queue(x); },
    [this](const withdraw_caller& x) { on_withdraw(x.caller); },
    [this](const slot_released& x) { on_released(x.slot); },
    [this](const job_finished& x) { on_finished(x.job); },
    [this](const wake_up& x) { on_wake_up(x); },
    [this](const drain_limit& x) { on_drain_limit(x); },
  };
}

void pool_actor::on_exit() {
  auto over = machine_.state().life == pool_life::closed;
  auto why = over ? error{errc::closed, "the pool is closed", {}}
                  : error{errc::restarted,
                          "the pool's actor ended; nothing was executed, ask "
                          "again",
                          {}};
  for (auto& [id, who] : callers_)
    if (auto* due = std::get_if<waiting_execute>(&who.reply))
      abandon(id, *due->reply, why);
    else
      fail(who, why);
  callers_.clear();
  for (auto& x : draining_)
    if (over)
      x.deliver(accepted{});
    else
      x.deliver(to_caf(why));
  draining_.clear();
  if (over) // the supervisor may have ended before, because nobody knew it
    estate_->finish();
}

void pool_actor::abandon(ticket id, late_reply<outcome>& reply,
                         const error& why) {
  auto job = job_of(id);
  auto what = why;
  if (job != nullptr && job->started) {
    if (!job->cancelled.load())
      return; // its worker answers
    what = {errc::outcome_unknown,
            "the pool's actor ended while the statement was being stopped; it "
            "may have taken effect or not: look before you repeat it",
            {}};
  } else if (job != nullptr) {
    job->what = {}; // the successor gets it, to give the lease back
  }
  reply.fail(what);
}

void pool_actor::act(effects orders) {
  if (acting_) {
    for (auto& x : orders)
      todo_.push_back(std::move(x));
    return;
  }
  acting_ = true;
  for (auto& x : orders)
    std::visit([this](auto& order) { perform(order); }, x);
  machine_.reuse(std::move(orders));
  while (!todo_.empty()) {
    auto x = std::move(todo_.front());
    todo_.pop_front();
    std::visit([this](auto& order) { perform(order); }, x);
  }
  acting_ = false;
  check_invariants();
  arm_timer();
}

void pool_actor::check_invariants() {
  if (++checks_ % check_interval != 0)
    return;
  for (auto& text : machine_.violations(machine_.state().last_input)) {
    auto event = effect::emit{{event_kind::invariant_broken, {}, {}, text}};
    perform(event);
  }
}

void pool_actor::note_leases() {
  estate_->note_leases(machine_.state().table.count(connection_state::leased));
}

void pool_actor::arm_timer() {
  note_leases();
  auto next = std::min(machine_.next_wakeup(), next_limit());
  if (!estate_->meters->warnings.empty())
    next = std::min(next, next_warnings_);
  if (next >= armed_for_)
    return;
  armed_for_ = next;
  auto delay = std::max<duration>(next - clock::now(), duration::zero());
  send_later(this, pool_shell{this}, delay, wake_up{++timer_});
}

void pool_actor::on_wake_up(const wake_up& x) {
  if (x.number != timer_)
    return;
  armed_for_ = never;
  auto now = clock::now();
  tell_warnings(now);
  estate_->slots->advance_clock(now);
  auto with_names = estate_->config.leak_threshold > duration::zero();
  act(machine_.observe_front(estate_->look_at_front(with_names), now));
  act(machine_.tick(now));
  enforce_limits(now);
  end_lingering(now);
  dismiss_idle(now);
  finish_if_over();
}

void pool_actor::tell_warnings(time_point now) {
  auto& box = estate_->meters->warnings;
  if (box.empty() || now < next_warnings_)
    return;
  next_warnings_ = now + pause_between_warnings;
  auto news = box.take();
  for (auto& x : news.kept) {
    auto text = std::move(x.what.text);
    if (!x.what.state.empty())
      text += " (" + x.what.state + ')';
    auto event = effect::emit{
      {event_kind::server_warning, {}, x.connection, std::move(text)}};
    perform(event);
  }
  if (news.left_out > 0) {
    auto event = effect::emit{
      {event_kind::server_warning,
       {},
       {},
       std::to_string(news.left_out) + " more warnings were left out"}};
    perform(event);
  }
}

pool_snapshot pool_actor::on_snapshot() {
  auto now = clock::now();
  act(machine_.observe_front(estate_->look_at_front(true), now));
  auto result = machine_.snapshot(now);
  auto& meters = *estate_->meters;
  result.counters.executed = meters.executed.load();
  result.counters.execute_errors = meters.execute_errors.load();
  result.counters.shed += meters.turned_away.load();
  result.counters.server_warnings = meters.warnings.count();
  result.wait_time = meters.wait_time.snapshot();
  result.open_time = meters.open_time.snapshot();
  result.execute_time = meters.execute_time.snapshot();
  result.use_time = estate_->slots->use_times();
  result.use_time += meters.use_time.snapshot();
  result.peak_leased = estate_->slots->peak_leased();
  return result;
}

void pool_actor::on_subscribe(const subscribe& x) {
  auto who = x.who ? x.who : caf::actor_cast<caf::actor>(current_sender());
  if (!who)
    return;
  if (x.stop)
    estate_->subscribers.erase(who);
  else if (attend(who.address()))
    estate_->subscribers.insert(who);
}

pool_actor::promise<accepted> pool_actor::on_control(const control& x) {
  auto reply = make_response_promise<accepted>();
  auto now = clock::now();
  if (x.what == control::verb::resume && ends(machine_.state().life)) {
    reply.deliver(to_caf(it_ends(estate_->config.name)));
    return reply;
  }
  switch (x.what) {
    case control::verb::pause:
      act(machine_.pause(now));
      break;
    case control::verb::resume:
      act(machine_.resume(now));
      break;
    case control::verb::reconnect:
      act(machine_.reconnect(now));
      break;
    case control::verb::force_open:
      act(machine_.force_breaker(breaker_state::forced_open, now));
      break;
    case control::verb::force_closed:
      act(machine_.force_breaker(breaker_state::forced_closed, now));
      break;
    case control::verb::reset_breaker:
      act(machine_.force_breaker(breaker_state::closed, now));
      break;
    case control::verb::drain:
      draining_.push_back(reply);
      act(machine_.drain(now));
      estate_->drain_until
        = std::min(estate_->drain_until,
                   add_saturated(now, std::max(x.limit, duration::zero())));
      if (estate_->drain_until != never)
        send_later(this, pool_shell{this},
                   std::max<duration>(estate_->drain_until - now, {}),
                   drain_limit{});
      finish_if_over();
      return reply;
  }
  reply.deliver(accepted{});
  return reply;
}

caf::result<accepted> pool_actor::on_reconfigure(const reconfigure& x) {
  if (ends(machine_.state().life))
    return to_caf(it_ends(estate_->config.name));
  auto problems = check_pool(x.config, x.way ? x.way : estate_->way);
  if (!problems.empty())
    return to_caf(config_error(problems));
  estate_->config = x.config;
  if (x.way)
    estate_->way = x.way;
  for (auto& [id, entry] : estate_->vault)
    entry.held->execute_timeout = x.config.execute_timeout;
  auto recycle = x.recycle || x.way != nullptr;
  act(machine_.configure(x.config, recycle, clock::now()));
  feed_workers(); // there may be more of them now
  return accepted{};
}

void pool_actor::on_drain_limit(const drain_limit& x) {
  if (x.last) {
    for (auto& reply : draining_)
      reply.deliver(accepted{});
    draining_.clear();
    return;
  }
  act(machine_.shut_down(clock::now()));
  // Also what was taken from the front since the last look.
  act(machine_.observe_front(estate_->look_at_front(true), clock::now()));
  finish_if_over();
  send_later(this, pool_shell{this}, estate_->config.close_timeout,
             drain_limit{true});
}

void pool_actor::take_over() {
  auto now = clock::now();
  estate_->slots->advance_clock(now);
  for (auto& subscriber : estate_->subscribers)
    attend(subscriber.address());
  auto old = std::move(estate_->predecessor);
  if (old == nullptr) {
    act(machine_.start(now));
    return;
  }
  act(machine_.succeed(*old, now));
  // Facts whose messages died with the predecessor.
  estate_->slots->for_each([this](const slot_view& x) {
    if (x.state == slot_state::returned)
      on_released(x.slot);
    else if (x.state == slot_state::empty)
      tell_withdrawn(x);
  });
  act(machine_.observe_front(estate_->look_at_front(false), clock::now()));
  auto jobs = estate_->jobs;
  for (auto& job : jobs)
    if (job->finished.load(std::memory_order_acquire))
      on_finished(job);
  std::vector<caf::actor_addr> gone;
  for (auto& [id, entry] : estate_->vault)
    if (entry.by_id.holder && !attend(entry.by_id.holder))
      gone.push_back(entry.by_id.holder);
  for (auto& who : gone)
    on_down(who);
  if (estate_->drain_until != never)
    send_later(this, pool_shell{this},
               std::max<duration>(estate_->drain_until - now, {}),
               drain_limit{});
}

} // namespace caf_pool
