#include "simulation/world.hpp"

#include <utility>

namespace caf_pool::simulation {

using namespace std::chrono_literals;

// -- working ------------------------------------------------------------------

void world::order(job_kind kind, connection_id id, time_point deadline) {
  order(job_order{desk_.next_job(), kind, id, deadline});
}

void world::order(const job_order& what) {
  auto& job = truth_.jobs[what.id];
  job.what = what;
  job.ordered_at = now_;
  if (what.connection && !serves_caller(what.kind)) {
    auto& x = conn(what.connection);
    x.doing = what.kind;
    x.job = what.id;
    x.job_deadline = what.deadline;
  }
  ask_desk([] { return ""; },
           [&](work_desk& x) { return x.order(what, now_); });
}

void world::perform(const desk_effect::hire& x) {
  truth_.workers[x.worker] = {{}, now_};
}

void world::perform(const desk_effect::dismiss& x) {
  truth_.workers.erase(x.worker);
}

void world::perform(const desk_effect::run& x) {
  auto& job = truth_.jobs.at(x.job);
  job.now = job_truth::stage::running;
  job.worker = x.worker;
  job.began_at = now_;
  job.deadline = x.deadline;
  truth_.workers.at(x.worker).job = x.job;
  auto takes = time_for(job);
  ++conn(job.what.connection).turns;
  auto r = dice_.about(30, x.job.value);
  if (chance(r, plan_.manners.lost) && !calm_ && hangs_left_ > 0) {
    --hangs_left_;
    job.hangs = true;
  }
  if (job.what.kind == job_kind::open) {
    // Its thread may have to wait for its turn.
    agenda_.add(now_ + takes / 4, event::begin, 0, x.job.value);
    agenda_.add(now_ + takes / 2, event::accept, 0, x.job.value);
  }
  agenda_.add(now_ + takes, event::work_done, 0, x.job.value);
}

duration world::time_for(const job_truth& x) {
  auto id = x.what.connection;
  auto kind = x.what.kind;
  auto r = dice_.about(10 + static_cast<std::uint64_t>(kind), id.value,
                       conn(id).turns);
  auto left = std::max<duration>(x.deadline - now_, 0ns);
  if (kind == job_kind::close && conn(id).broken)
    return r.between(50us, 1ms);
  if (server_ == server_mode::hanging)
    return left;
  auto takes
    = kind == job_kind::open ? r.between(1ms, 20ms) : r.between(50us, 2ms);
  if (kind == job_kind::execute)
    takes = std::max(takes, plan_.scripts[x.what.caller.value - 1].runs);
  if (server_ == server_mode::slow)
    takes *= 20;
  return std::min(takes, left);
}

void world::begin(job_id id) {
  auto i = truth_.jobs.find(id);
  if (i == truth_.jobs.end() || i->second.called_off)
    return;
  i->second.begun = true;
  oracle_.begun(i->second.what.connection);
}

void world::accept(job_id id) {
  auto i = truth_.jobs.find(id);
  if (i == truth_.jobs.end() || i->second.called_off || i->second.aborted)
    return;
  auto welcome = server_ == server_mode::healthy || server_ == server_mode::slow
                 || server_ == server_mode::restarted;
  auto& x = conn(i->second.what.connection);
  x.session = welcome;
  x.alive = welcome;
}

error world::failure_of_opening(const job_truth& x) const {
  if (x.called_off)
    return {};
  if (x.aborted)
    return {errc::cancelled, "called off", {}};
  if (now_ >= x.deadline)
    return {errc::open_timeout, "no answer", {}};
  if (server_ == server_mode::refusing_for_good)
    return {errc::open_refused, "wrong password", "28P01"};
  return {errc::open_failed, "connection refused", {}};
}

/// What a worker says of its job at its end.
error world::verdict_of(const job_truth& x) const {
  auto& it = truth_.connections[x.what.connection.value];
  switch (x.what.kind) {
    case job_kind::close:
    case job_kind::cancel:
      return {};
    case job_kind::open:
      return it.alive && now_ < x.deadline ? error{} : failure_of_opening(x);
    case job_kind::look:
      if (!plan_.sighted)
        return {errc::not_supported, "cannot look", {}};
      if (server_ == server_mode::down)
        return {errc::open_failed, "connection refused", {}};
      if (server_ == server_mode::refusing)
        return {errc::open_failed, "starting", "57P03"};
      if (server_ == server_mode::hanging || x.took == 0ns)
        return {errc::open_timeout, "no answer", {}};
      return {};
    case job_kind::probe:
    case job_kind::reset:
    case job_kind::execute:
    case job_kind::restrict:
      break;
  }
  if (x.aborted || !it.alive)
    return {errc::connection_lost, "no answer", "08006"};
  if (x.cancelled)
    return {errc::cancelled, "cancelled at the server", "57014"};
  if (now_ < x.deadline)
    return {};
  return serves_caller(x.what.kind)
           ? error{errc::execute_timeout, "took too long", "57014"}
           : error{errc::connection_lost, "no answer", "08006"};
}

void world::hurry(job_truth& x) {
  auto r = dice_.about(31, x.what.id.value);
  agenda_.add(now_ + r.between(0ns, 1ms), event::work_done, 0, x.what.id.value);
}

void world::abort_work(connection_id id) {
  conn(id).broken = true;
  for (auto& [number, job] : truth_.jobs) {
    auto& x = job;
    if (x.what.connection == id && x.now == job_truth::stage::running
        && x.what.kind != job_kind::cancel && x.what.kind != job_kind::close
        && !std::exchange(x.aborted, true))
      hurry(x);
  }
}

void world::come_back(job_id id) {
  auto i = truth_.jobs.find(id);
  if (i == truth_.jobs.end() || i->second.now != job_truth::stage::running)
    return;
  auto& job = i->second;
  if (job.hangs)
    return;
  auto r = dice_.about(32, id.value);
  job.took = now_ - job.began_at;
  job.why = verdict_of(job);
  job.now = job_truth::stage::back;
  if (job.what.kind == job_kind::cancel && server_ != server_mode::hanging)
    for (auto& [number, other] : truth_.jobs)
      if (other.what.connection == job.what.connection
          && serves_caller(other.what.kind)
          && other.now == job_truth::stage::running) {
        other.cancelled = true;
        hurry(other);
      }
  // The server was seen when a look was there, not when its report comes.
  auto late = chance(r, plan_.manners.late) && !calm_
              && job.what.kind != job_kind::look;
  auto doubled = chance(r, plan_.manners.doubled);
  auto when = std::max(now_, job.deadline) + 1s + r.between(0ns, 2500ms);
  agenda_.add(late ? when : now_, event::report, 0, id.value);
  if (doubled)
    agenda_.add(now_ + r.between(0ns, 3ms), event::report, 0, id.value);
}

void world::report(job_id id) {
  auto i = truth_.jobs.find(id);
  if (i != truth_.jobs.end())
    for (auto& [number, worker] : truth_.workers)
      if (worker.job == id)
        worker = {{}, now_};
  auto said = job_report{};
  if (i != truth_.jobs.end())
    said = {!i->second.why, i->second.took};
  ask_desk([] { return ""; },
           [&](work_desk& x) { return x.finished(id, said, now_); });
}

// -- the desk's orders --------------------------------------------------------

void world::perform(const desk_effect::stop& x) {
  auto& job = truth_.jobs.at(x.job);
  if (truth_.jobs.contains(x.by))
    return;
  auto& cancel = truth_.jobs[x.by];
  cancel.what = {x.by, job_kind::cancel, job.what.connection, {}};
  cancel.ordered_at = now_;
}

void world::perform(const desk_effect::call_off& x) {
  auto& job = truth_.jobs.at(x.job);
  if (!job.begun) {
    job.called_off = true;
  } else if (x.abort) {
    job.aborted = true;
    hurry(job);
  }
}

void world::perform(const desk_effect::abort& x) {
  abort_work(truth_.jobs.at(x.job).what.connection);
}

void world::perform(const desk_effect::session_over& x) {
  conn(x.connection).cut_off = true;
  feed([&] { return "cut off " + to_string(x.connection); },
       [&](pool_machine& uut) { return uut.closed(x.connection, now_); });
}

void world::perform(const desk_effect::shut_down&) {
  feed([] { return "shut down"; },
       [this](pool_machine& x) { return x.shut_down(now_); });
  look_at_front();
}

void world::perform(const desk_effect::answer_drain&) {
  // nop
}

void world::perform(const desk_effect::end& x) {
  auto i = truth_.jobs.find(x.job);
  if (i == truth_.jobs.end())
    return;
  auto job = i->second;
  if (x.how == job_end::stuck)
    i->second.given_up = true;
  else
    truth_.jobs.erase(i);
  if (serves_caller(job.what.kind)) {
    if (x.how != job_end::late)
      end_service(job, x.how);
    return;
  }
  if (x.how == job_end::unserved)
    job.why = {errc::open_timeout, "no worker became free in time", {}};
  if (job.what.kind == job_kind::open && x.how == job_end::withdrawn)
    job.called_off = true;
  auto heard = x.how == job_end::done || x.how == job_end::unserved
               || job.what.kind == job_kind::open;
  auto& it = conn(job.what.connection);
  if (heard) {
    tell(job);
    auto r = dice_.about(33, job.what.id.value);
    if (chance(r, plan_.manners.doubled) && job.what.connection) {
      told_[job.what.connection] = job;
      agenda_.add(now_ + r.between(0ns, 3ms), event::repeat,
                  static_cast<std::uint32_t>(job.what.connection.value),
                  job.what.id.value);
    }
  } else if (it.job == job.what.id && job.what.kind != job_kind::cancel) {
    it.job = {};
    it.doing.reset();
  }
}

void world::repeat(connection_id id, job_id number) {
  auto i = told_.find(id);
  // A double that comes after the next order would be taken for its answer.
  if (i != told_.end() && i->second.what.id == number
      && (!conn(id).job || conn(id).job == number))
    tell(i->second);
}

// -- telling the machine ------------------------------------------------------

bool world::expected(connection_id id, connection_state state) const {
  auto* record = uut_->state().table.find(id);
  return record != nullptr && record->state == state;
}

void world::tell(const job_truth& x) {
  auto id = x.what.connection;
  auto& it = conn(id);
  if (it.job == x.what.id && x.what.kind != job_kind::cancel) {
    it.job = {};
    it.doing.reset();
  }
  switch (x.what.kind) {
    case job_kind::open:
      tell_opened(x);
      break;
    case job_kind::probe:
      tell_probed(x);
      break;
    case job_kind::reset:
      tell_reset(x);
      break;
    case job_kind::close:
      tell_closed(x);
      break;
    case job_kind::look:
      look_answer(x);
      break;
    case job_kind::cancel: // the end of the statement tells
    case job_kind::execute:
    case job_kind::restrict:
      break;
  }
}

void world::look_answer(const job_truth& x) {
  auto number = looks_.at(x.what.id);
  auto& why = x.why;
  // Of looks before a restart the pool hears nothing.
  if (number > truth_.old_looks)
    oracle_.looked(why, x.took > 0ns, now_);
  feed([&] { return why ? "looked: " + caf_pool::to_string(why) : "found"; },
       [&](pool_machine& uut) { return uut.looked(number, why, now_); });
}

void world::tell_opened(const job_truth& x) {
  auto id = x.what.connection;
  auto& it = conn(id);
  auto heard = expected(id, connection_state::opening);
  if (x.called_off) {
    oracle_.not_opened(x.ordered_at);
    feed([&] { return "not opened " + to_string(id); },
         [&](pool_machine& uut) { return uut.not_opened(id, now_); });
    return;
  }
  if (!x.why) {
    if (heard)
      oracle_.opened(id, now_);
    feed([&] { return "opened " + to_string(id); },
         [&](pool_machine& uut) { return uut.opened(id, x.took, now_); });
    return;
  }
  it.session = false;
  if (heard)
    oracle_.open_failed();
  feed([&] { return "opened " + to_string(id) + ": " + to_string(x.why); },
       [&](pool_machine& uut) {
         return uut.open_failed(id, x.why, x.took, now_);
       });
}

void world::tell_probed(const job_truth& x) {
  auto id = x.what.connection;
  auto& it = conn(id);
  if (expected(id, connection_state::probing)) {
    if (x.why) {
      it.broken = true;
      oracle_.suspect(now_);
    } else {
      it.proven_at = now_;
      it.proven_in_front = false;
      it.unlooked = false;
    }
  }
  feed([&] { return (x.why ? "no probe of " : "probed ") + to_string(id); },
       [&](pool_machine& uut) { return uut.probed(id, x.why, x.took, now_); });
}

void world::tell_reset(const job_truth& x) {
  auto id = x.what.connection;
  auto& it = conn(id);
  if (expected(id, connection_state::resetting)) {
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
  feed([&] { return (x.why ? "no reset of " : "reset ") + to_string(id); },
       [&](pool_machine& uut) { return uut.reset_done(id, x.why, now_); });
}

void world::tell_closed(const job_truth& x) {
  auto id = x.what.connection;
  auto& it = conn(id);
  it.session = false;
  it.alive = false;
  feed([&] { return "closed " + to_string(id); },
       [&](pool_machine& uut) { return uut.closed(id, now_); });
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
