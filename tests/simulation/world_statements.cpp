#include "simulation/world.hpp"

namespace caf_pool::simulation {

using namespace std::chrono_literals;

using stage = caller_truth::stage;

// -- statements ---------------------------------------------------------------

void world::execute(std::uint32_t who, bool on_lease) {
  auto& it = caller(who);
  auto& script = plan_.scripts[who];
  auto job = job_order{desk_.next_job(), job_kind::execute, it.connection};
  job.deadline
    = script.limited ? it.deadline : now_ + oracle_.settings().execute_timeout;
  job.caller = ticket{who + std::uint64_t{1}};
  job.allowed = script.limited ? script.patience : 0ns;
  job.on_lease = on_lease;
  if (!on_lease)
    it.now = stage::executing;
  order(job);
}

void world::end_service(const job_truth& x, job_end how) {
  auto who = static_cast<std::uint32_t>(x.what.caller.value - 1);
  auto& it = caller(who);
  log_.note(now_, [&] {
    return "the work for caller " + to_string(x.what.caller) + " ended"
           + (x.why ? ": " + to_string(x.why) : "");
  });
  auto restricted
    = x.what.kind == job_kind::restrict && how == job_end::done && !x.why
      && !it.gone && !it.fenced && !conn(x.what.connection).broken
      && it.now == stage::restricting && uut_->state().leases.valid(it.lease);
  if (restricted) {
    it.now = stage::granted;
    agenda_.add(now_ + plan_.scripts[who].delivery, event::receive, who);
    return;
  }
  end_statement(x, end_of(x, how));
}

lease_end world::end_of(const job_truth& x, job_end how) {
  auto& it = conn(x.what.connection);
  auto who = static_cast<std::uint32_t>(x.what.caller.value - 1);
  lease_end end;
  end.unused = how != job_end::done && how != job_end::stuck;
  if (it.broken || (!it.alive && !end.unused)) {
    end.left = trace::broken;
    end.why = {errc::connection_lost, "the server closed it", "08006"};
  } else if (!end.unused && plan_.scripts[who].end == fate::dirty) {
    end.left = trace::dirty;
  }
  return end;
}

/// What a statement leaves to the pool.
void world::end_statement(const job_truth& x, const lease_end& how) {
  auto id = x.what.connection;
  auto who = static_cast<std::uint32_t>(x.what.caller.value - 1);
  auto& it = caller(who);
  auto& c = conn(id);
  auto kept
    = x.what.on_lease && it.now == stage::dead && how.left != trace::broken;
  if (expected(id, connection_state::quarantined)) {
    c.job = {};
    c.doing.reset();
    if (how.left == trace::broken) {
      c.broken = true;
      oracle_.suspect(now_);
    }
  } else if (!kept && uut_->state().leases.valid(it.lease)) {
    oracle_.release(true);
    note_end(c, how);
  }
  c.running = false;
  if (!kept && c.holder == who)
    c.holder = nobody;
  if (!kept && it.now != stage::dead)
    it.now = stage::done;
  feed([&] { return "work done on " + to_string(it.lease); },
       [&](pool_machine& uut) {
         return uut.work_done(it.lease, how, kept, now_);
       });
}

void world::withdraw(std::uint32_t who) {
  auto id = ticket{who + std::uint64_t{1}};
  for (auto& [number, job] : truth_.jobs)
    if (serves_caller(job.what.kind) && job.what.caller == id
        && !job.withdrawn_at)
      job.withdrawn_at = now_;
  ask_desk([] { return ""; },
           [&](work_desk& x) { return x.withdraw(id, now_); });
}

// -- holders who linger -------------------------------------------------------

void world::unheld(connection_id id) {
  conn(id).lingers_since.reset();
  ask_desk([&] { return "let go of " + to_string(id); },
           [&](work_desk& x) { return x.let_go(id, now_); });
}

} // namespace caf_pool::simulation
