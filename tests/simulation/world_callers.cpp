#include "caf_pool/core/duration_text.hpp"

#include "simulation/world.hpp"

namespace caf_pool::simulation {

using namespace std::chrono_literals;

using stage = caller_truth::stage;

// -- coming -------------------------------------------------------------------

void world::arrive(std::uint32_t who) {
  auto& script = plan_.scripts[who];
  auto& it = caller(who);
  it.deadline = now_ + script.patience;
  if (script.local && take_from_front(who))
    return;
  it.now = stage::asking;
  auto r = dice_.about(21, who);
  agenda_.add(now_ + r.between(0ns, 200us), event::request, who);
  if (script.gives_up_after > 0ns)
    agenda_.add(now_ + script.gives_up_after, event::give_up, who);
}

bool world::take_from_front(std::uint32_t who) {
  auto id = front_.try_take(who, now_);
  if (!id)
    return false;
  log_.note(now_, [&] {
    return "caller " + std::to_string(who + 1) + " takes " + to_string(*id)
           + " from the front";
  });
  oracle_.took(*id);
  auto& it = caller(who);
  it.now = stage::holding;
  it.from_front = true;
  it.connection = *id;
  it.slot_use = front_.uses(*id);
  it.granted_at = now_;
  conn(*id).offered = false;
  conn(*id).holder = who;
  it.known_at = now_;
  agenda_.add(now_ + plan_.scripts[who].hold, event::let_go, who);
  if (plan_.scripts[who].by_id)
    agenda_.add(now_ + plan_.scripts[who].claimed_after, event::claim, who);
  return true;
}

void world::claim(std::uint32_t who) {
  auto& it = caller(who);
  if (it.now != stage::holding || !it.from_front || it.fenced)
    return;
  front_.put_aside(it.connection);
  it.from_front = false;
  it.known_at = now_;
  it.lease = lease_id::in_front(pool_epoch{epoch_}, it.connection, it.slot_use);
  auto claimed = lease_claim{it.lease, "caller " + std::to_string(who + 1),
                             it.granted_at, it.slot_use};
  feed(
    [&] { return "claimed " + to_string(it.lease) + " by " + claimed.holder; },
    [&](pool_machine& x) { return x.claimed(claimed, now_); });
}

acquire_input world::wish(std::uint32_t who) const {
  auto& script = plan_.scripts[who];
  acquire_input x;
  x.caller = ticket{who + std::uint64_t{1}};
  x.how.wait_until = truth_.callers[who].deadline;
  x.how.priority = script.priority;
  x.how.tenant = script.tenant;
  x.how.holder = "caller " + std::to_string(who + 1);
  x.how.only_if_free = script.only_if_free;
  if (script.announces)
    x.how.expected = script.hold;
  if (script.limited)
    x.how.deadline = x.how.wait_until;
  x.how.read_only = script.read_only;
  return x;
}

void world::request(std::uint32_t who) {
  auto& it = caller(who);
  if (it.now == stage::done)
    return; // the pool restarted under it
  auto again = it.now == stage::waiting;
  if (it.now != stage::asking && !again)
    return;
  auto x = wish(who);
  it.now = stage::waiting;
  if (!again)
    it.asked_at = now_;
  oracle_.acquire(x.caller);
  feed(
    [&] {
      return "acquire " + to_string(x.caller) + " until "
             + to_rough_text(*x.how.wait_until - now_)
             + (x.how.only_if_free ? " if free" : "")
             + (x.how.priority > 0
                  ? " priority " + std::to_string(x.how.priority)
                  : "");
    },
    [&](pool_machine& uut) { return uut.acquire(x, now_); });
  if (plan_.scripts[who].doubled && !again && it.now == stage::waiting)
    agenda_.add(now_ + 300us, event::request, who);
}

// -- giving up ----------------------------------------------------------------

void world::give_up(std::uint32_t who) {
  auto& it = caller(who);
  if (it.now != stage::waiting && it.now != stage::granted
      && it.now != stage::asking && it.now != stage::restricting
      && it.now != stage::executing)
    return;
  it.gone = true;
  if (it.now == stage::granted)
    return; // gives it back when it arrives
  auto r = dice_.about(22, who);
  agenda_.add(now_ + r.between(0ns, 300us), event::cancel, who);
}

void world::cancel(std::uint32_t who) {
  auto& it = caller(who);
  auto id = ticket{who + std::uint64_t{1}};
  oracle_.cancel(id);
  if (it.now == stage::waiting)
    it.now = stage::done;
  feed([&] { return "cancel " + to_string(id); },
       [&](pool_machine& x) { return x.cancel(id, now_); });
  withdraw(who);
}

// -- holding ------------------------------------------------------------------

void world::receive(std::uint32_t who) {
  auto& it = caller(who);
  if (it.now != stage::granted)
    return;
  if (it.gone || it.fenced) {
    give_back_unused(who);
    return;
  }
  it.now = stage::holding;
  agenda_.add(now_ + plan_.scripts[who].hold, event::let_go, who);
}

void world::give_back_unused(std::uint32_t who) {
  auto& it = caller(who);
  lease_end how;
  how.unused = true;
  it.now = stage::holding;
  note_let_go(who);
  release(who, how);
}

void world::let_go(std::uint32_t who) {
  auto& it = caller(who);
  if (it.now != stage::holding)
    return;
  auto& script = plan_.scripts[who];
  auto quiet = now_ >= time_point{} + 1h + plan_.length;
  auto stays = plan_.holds_out && who + 1 == truth_.callers.size();
  if (script.end == fate::forgets && !it.fenced && (!quiet || stays))
    return; // until the quiet time, or longer
  auto dies = script.end == fate::dies || script.end == fate::dies_busy;
  if (dies && script.by_id)
    claim(who);
  if (dies && !it.from_front && it.now == stage::holding) {
    die(who, script.end == fate::dies_busy);
    return;
  }
  auto how = leave(who);
  if (it.from_front)
    give_back_to_front(who, how);
  else
    release(who, how);
  if (script.releases_again > 0ns)
    agenda_.add(now_ + script.releases_again, event::release_again, who);
}

/// Takes the caller's hands off its connection.
void world::note_let_go(std::uint32_t who) {
  auto id = caller(who).connection;
  auto& x = conn(id);
  if (x.holder != who)
    return;
  x.holder = nobody;
  if (!x.lingers_since)
    return;
  auto r = dice_.about(26, who);
  agenda_.add(now_ + r.between(0ns, 500us), event::unheld,
              static_cast<std::uint32_t>(id.value));
}

/// The same, and tells how it is left.
lease_end world::leave(std::uint32_t who) {
  auto& it = caller(who);
  auto& x = conn(it.connection);
  auto end = plan_.scripts[who].end;
  note_let_go(who);
  lease_end how;
  how.unused = end == fate::unused;
  if (end == fate::dirty)
    how.left = trace::dirty;
  if (end == fate::broken)
    how.left = trace::broken;
  if (x.broken || (!x.alive && !how.unused)) {
    how.left = trace::broken;
    how.why = {errc::connection_lost, "the server closed it", "08006"};
  }
  return how;
}

void world::note_end(connection_truth& x, const lease_end& how) {
  auto policy = oracle_.settings().reset_on_release;
  if (how.left == trace::broken) {
    x.broken = true;
    if (how.why)
      oracle_.suspect(now_);
    return;
  }
  if (how.unused)
    return;
  x.proven_at = now_;
  x.proven_in_front = false;
  x.unlooked
    = oracle_.settings().validate_on_release && uut_->state().breaker.closed();
  x.dirty = policy == reset_policy::full
            || (how.left == trace::dirty && policy != reset_policy::none);
}

void world::release(std::uint32_t who, const lease_end& how) {
  auto& it = caller(who);
  it.now = stage::done;
  oracle_.release(!it.fenced);
  if (!it.fenced)
    note_end(conn(it.connection), how);
  auto by_slot = plan_.scripts[who].by_slot;
  feed(
    [&] {
      return (by_slot ? "returned " : "release ") + to_string(it.lease)
             + (how.unused ? " unused" : "")
             + (how.left == trace::dirty ? " dirty" : "")
             + (how.left == trace::broken ? " broken" : "");
    },
    [&](pool_machine& x) {
      auto id = it.lease.connection;
      if (!by_slot)
        return x.release(it.lease, how, now_);
      auto end = how;
      end.front_uses = front_.uses(id);
      return x.returned(id, end, now_);
    });
}

void world::give_back_to_front(std::uint32_t who, const lease_end& how) {
  auto& it = caller(who);
  it.now = stage::done;
  auto& x = conn(it.connection);
  switch (front_.give_back(it.connection, it.slot_use, how)) {
    case front_model::outcome::lent_again:
      x.offered = true;
      x.proven_at = now_; // the front cannot tell that it was not used
      x.proven_in_front = true;
      break;
    case front_model::outcome::to_actor: {
      x.on_its_way = true;
      auto r = dice_.about(24, who);
      agenda_.add(now_ + r.between(0ns, 500us), event::collect,
                  static_cast<std::uint32_t>(it.connection.value));
      break;
    }
    case front_model::outcome::stale:
      break;
  }
  log_.note(now_, [&] {
    return "caller " + std::to_string(who + 1) + " gives "
           + to_string(it.connection) + " back to the front"
           + (x.on_its_way ? ", which tells the pool" : "");
  });
}

void world::release_again(std::uint32_t who) {
  auto& it = caller(who);
  if (it.now != stage::done)
    return;
  if (it.from_front) {
    if (front_.give_back(it.connection, it.slot_use, {})
        != front_model::outcome::stale)
      fail("the front took a connection back twice");
    return;
  }
  oracle_.release(false);
  feed([&] { return "release " + to_string(it.lease) + " once more"; },
       [&](pool_machine& x) { return x.release(it.lease, {}, now_); });
}

// -- dying --------------------------------------------------------------------

void world::die(std::uint32_t who, bool busy) {
  auto& it = caller(who);
  auto& x = conn(it.connection);
  it.now = stage::dead;
  x.tainted = true;
  x.running = busy && uut_->state().leases.valid(it.lease);
  if (x.running)
    execute(who, true);
  auto r = dice_.about(25, who);
  agenda_.add(now_ + r.between(0ns, 20ms), event::death, who);
}

void world::death(std::uint32_t who) {
  auto& it = caller(who);
  auto& x = conn(it.connection);
  it.now = stage::done;
  note_let_go(who);
  auto busy = desk_.busy(it.connection);
  if (busy != x.running && !it.fenced)
    fail("the desk does not know what runs on " + to_string(it.connection));
  oracle_.lost_holder(uut_->state().leases.valid(it.lease));
  feed(
    [&] {
      return "holder of " + to_string(it.lease) + " died"
             + (busy ? ", its statement runs" : "");
    },
    [&](pool_machine& uut) { return uut.holder_lost(it.lease, busy, now_); });
}

// -- between two orders -------------------------------------------------------

/// Lets somebody use the front while the pool's actor performs orders.
void world::interleave() {
  if (!plan_.interleaves || looking_ || over_ || agenda_.empty())
    return;
  auto& next = agenda_.next();
  if (next.when > now_ + 2ms)
    return;
  auto arrives = next.what == event::stimulus
                 && plan_.stimuli[next.who].what == deed::arrive;
  // Whoever holds by id does it through the pool's actor, one thing at a time.
  auto leaves = next.what == event::let_go && caller(next.who).from_front
                && caller(next.who).now == stage::holding
                && !plan_.scripts[next.who].by_id;
  if (arrives)
    arrive(plan_.stimuli[agenda_.take().who].which);
  else if (leaves)
    let_go(agenda_.take().who);
}

} // namespace caf_pool::simulation
