#include "simulation/world.hpp"

#include <utility>

namespace caf_pool::simulation {

using namespace std::chrono_literals;

namespace {

constexpr duration grace = 1s;

std::string to_string(job x) {
  static constexpr const char* names[]
    = {"nothing", "opened", "probed", "reset", "settled", "closed", "closed"};
  return names[static_cast<std::size_t>(x)];
}

} // namespace

// -- working ------------------------------------------------------------------

void world::start(connection_id id, job what, time_point deadline) {
  auto& x = conn(id);
  x.doing = what;
  x.job_number = ++jobs_;
  x.job_began = now_;
  x.job_deadline = deadline;
  x.begun = false;
  x.called_off = false;
  x.aborted = false;
  x.ended = false;
  auto takes = time_for(id, what);
  ++x.turns;
  auto who = static_cast<std::uint32_t>(id.value);
  if (what == job::open) {
    // Its thread may have to wait for its turn.
    agenda_.add(now_ + takes / 4, event::begin, who, x.job_number);
    agenda_.add(now_ + takes / 2, event::accept, who, x.job_number);
  }
  agenda_.add(now_ + takes, event::work_done, who, x.job_number);
}

duration world::time_for(connection_id id, job what) {
  auto& x = conn(id);
  auto r
    = dice_.about(10 + static_cast<std::uint64_t>(what), id.value, x.turns);
  if (what == job::abort)
    return r.between(50us, 1ms);
  if (server_ == server_mode::hanging)
    return x.job_deadline - now_;
  auto takes = what == job::open ? r.between(1ms, 20ms) : r.between(50us, 2ms);
  if (server_ == server_mode::slow)
    takes *= 20;
  return std::min(takes, x.job_deadline - now_);
}

void world::begin(connection_id id, std::uint64_t number) {
  auto& x = conn(id);
  if (x.job_number != number || x.called_off)
    return;
  x.begun = true;
  oracle_.begun(id);
}

void world::accept(connection_id id, std::uint64_t number) {
  auto& x = conn(id);
  if (x.job_number != number || x.called_off || x.aborted)
    return;
  auto welcome = server_ == server_mode::healthy || server_ == server_mode::slow
                 || server_ == server_mode::restarted;
  x.session = welcome;
  x.alive = welcome;
}

error world::outcome(const connection_truth& x, job what) const {
  if (what == job::close || what == job::abort)
    return {};
  auto in_time = now_ < x.job_deadline;
  if (x.alive && in_time)
    return {};
  if (what != job::open)
    return {errc::connection_lost, "no answer", "08006"};
  if (x.aborted)
    return {errc::cancelled, "called off", {}};
  if (!in_time)
    return {errc::open_timeout, "no answer", {}};
  if (server_ == server_mode::refusing_for_good)
    return {errc::open_refused, "wrong password", "28P01"};
  return {errc::open_failed, "connection refused", {}};
}

void world::work_done(connection_id id, std::uint64_t number) {
  auto& x = conn(id);
  if (x.job_number != number || std::exchange(x.ended, true))
    return;
  auto r = dice_.about(30, id.value, x.turns);
  auto lost = chance(r, plan_.manners.lost) && !calm_;
  auto late = chance(r, plan_.manners.late) && !calm_;
  auto doubled = chance(r, plan_.manners.doubled);
  if (lost)
    return; // its thread hangs for ever
  auto it = job_result{id,
                       number,
                       x.doing,
                       x.called_off ? error{} : outcome(x, x.doing),
                       now_ - x.job_began,
                       false,
                       x.called_off};
  if (late) {
    auto when = x.job_deadline + grace + r.between(0ns, 500ms);
    results_.push_back(it);
    agenda_.add(when, event::report, 0, results_.size() - 1);
    return;
  }
  if (doubled) {
    results_.push_back(it);
    results_.back().doubled = true;
    agenda_.add(now_ + r.between(0ns, 3ms), event::report, 0,
                results_.size() - 1);
  }
  tell(it);
}

void world::report(std::uint64_t number) {
  auto x = results_[number];
  // A double that comes after the next order would be taken for its answer.
  if (x.doubled && conn(x.id).job_number != x.job_number)
    return;
  tell(x);
}

void world::look_done(std::uint64_t number) {
  auto why = error{};
  if (!plan_.sighted)
    why = {errc::not_supported, "cannot look", {}};
  else if (server_ == server_mode::down)
    why = {errc::open_failed, "connection refused", {}};
  else if (server_ == server_mode::refusing)
    why = {errc::open_failed, "starting", "57P03"};
  else if (server_ == server_mode::hanging)
    why = {errc::open_timeout, "no answer", {}};
  if (number > truth_.old_looks) // of others the pool hears nothing
    oracle_.looked(why, now_);
  feed([&] { return why ? "looked: " + caf_pool::to_string(why) : "found"; },
       [&](pool_machine& x) { return x.looked(number, why, now_); });
}

// -- reporting ----------------------------------------------------------------

bool world::expected(connection_id id, connection_state state) const {
  auto* record = uut_->state().table.find(id);
  return record != nullptr && record->state == state;
}

void world::tell(const job_result& x) {
  auto& it = conn(x.id);
  auto present = it.job_number == x.job_number;
  if (present)
    it.doing = job::none;
  log_.note(now_, [&] {
    return (x.called_off ? "not " : "") + to_string(x.what) + ' '
           + to_string(x.id) + (x.why ? ": " + caf_pool::to_string(x.why) : "")
           + (x.doubled ? ", once more" : "") + (present ? "" : ", too late");
  });
  switch (x.what) {
    case job::none:
      break;
    case job::open:
      tell_opened(x);
      break;
    case job::probe:
      tell_probed(x);
      break;
    case job::reset:
      tell_reset(x);
      break;
    case job::cancel:
      tell_settled(x);
      break;
    case job::close:
    case job::abort:
      tell_closed(x);
      break;
  }
}

void world::tell_opened(const job_result& x) {
  auto& it = conn(x.id);
  auto heard = expected(x.id, connection_state::opening);
  auto nothing = [] { return ""; };
  if (x.called_off) {
    feed(nothing,
         [&](pool_machine& uut) { return uut.not_opened(x.id, now_); });
    return;
  }
  if (!x.why) {
    if (heard)
      oracle_.opened(x.id, now_);
    feed(nothing,
         [&](pool_machine& uut) { return uut.opened(x.id, x.took, now_); });
    return;
  }
  it.session = false;
  if (heard)
    oracle_.open_failed();
  feed(nothing, [&](pool_machine& uut) {
    return uut.open_failed(x.id, x.why, x.took, now_);
  });
}

void world::tell_probed(const job_result& x) {
  auto& it = conn(x.id);
  if (expected(x.id, connection_state::probing)) {
    if (x.why) {
      it.broken = true;
      oracle_.suspect(now_);
    } else {
      it.proven_at = now_;
      it.proven_in_front = false;
      it.unlooked = false;
    }
  }
  feed(
    [] { return ""; },
    [&](pool_machine& uut) { return uut.probed(x.id, x.why, x.took, now_); });
}

void world::tell_reset(const job_result& x) {
  auto& it = conn(x.id);
  if (expected(x.id, connection_state::resetting)) {
    it.dirty = false;
    it.tainted = false;
    it.unlooked = false;
    it.proven_at = now_;
    it.proven_in_front = false;
    if (x.why) {
      it.broken = true;
      oracle_.suspect(now_);
    }
  }
  feed([] { return ""; },
       [&](pool_machine& uut) { return uut.reset_done(x.id, x.why, now_); });
}

void world::tell_settled(const job_result& x) {
  auto& it = conn(x.id);
  lease_end how;
  if (expected(x.id, connection_state::quarantined)) {
    it.running = false;
    if (x.why) {
      it.broken = true;
      how.left = trace::broken;
      how.why = x.why;
      oracle_.suspect(now_);
    }
  }
  feed([] { return ""; },
       [&](pool_machine& uut) { return uut.settled(x.id, how, now_); });
}

void world::tell_closed(const job_result& x) {
  auto& it = conn(x.id);
  it.session = false;
  it.alive = false;
  feed([] { return ""; },
       [&](pool_machine& uut) { return uut.closed(x.id, now_); });
}

// -- the server ---------------------------------------------------------------

void world::set_server(server_mode x) {
  log_.note(now_, [&] { return "the server is " + simulation::to_string(x); });
  server_ = x;
  if (x != server_mode::down && x != server_mode::restarted)
    return;
  for (auto& it : truth_.connections) {
    it.session = false;
    it.alive = false;
  }
}

} // namespace caf_pool::simulation
