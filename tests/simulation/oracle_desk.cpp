#include "simulation/oracle.hpp"

#include <algorithm>
#include <variant>

namespace caf_pool::simulation {

using namespace std::chrono_literals;

using stage = job_truth::stage;

namespace {

/// Threads beyond those that execute, and how often all may be lost.
constexpr std::size_t reserve = 2;
constexpr std::size_t most_lost = 3;

void expect(bool ok, const std::string& text) {
  if (!ok)
    fail(text);
}

/// Limits of any settings that a cancel may have begun under.
std::pair<duration, duration> reset_timeouts(const plan& x) {
  auto [least, most] = std::minmax_element(
    x.settings.begin(), x.settings.end(),
    [](auto& lhs, auto& rhs) { return lhs.reset_timeout < rhs.reset_timeout; });
  return {least->reset_timeout, most->reset_timeout};
}

std::string name(const job_truth& x) {
  return "job " + to_string(x.what.id);
}

} // namespace

// -- one function per order ---------------------------------------------------

struct oracle::desk_judge {
  oracle& o;
  time_point now;

  const job_truth& job(job_id id) const {
    auto i = o.truth_.jobs.find(id);
    expect(i != o.truth_.jobs.end(), "an order about a job that is over");
    return i->second;
  }

  bool runs(const job_truth& x, connection_id id) const {
    return x.now != stage::queued && x.what.connection == id;
  }

  void operator()(const desk_effect::hire& x) const {
    expect(!o.truth_.workers.contains(x.worker), "a worker was hired twice");
    auto usual = o.desk_settings_.workers + reserve;
    expect(o.truth_.workers.size() - o.lost_workers() < usual,
           "too many workers");
  }

  void operator()(const desk_effect::dismiss& x) const {
    auto i = o.truth_.workers.find(x.worker);
    expect(i != o.truth_.workers.end() && !i->second.job,
           "a worker was dismissed in the middle of its work");
  }

  void operator()(const desk_effect::run& x) const {
    auto& it = job(x.job);
    auto i = o.truth_.workers.find(x.worker);
    expect(i != o.truth_.workers.end() && !i->second.job,
           name(it) + " was given to a worker that has work");
    expect(it.now == stage::queued, name(it) + " was given out twice");
    expect(!it.withdrawn_at, name(it) + " was sent though it was withdrawn");
    if (it.what.kind == job_kind::look)
      check_look();
    else
      check_connection(it);
    if (serves_caller(it.what.kind))
      check_statements(it);
  }

  void check_connection(const job_truth& it) const {
    auto id = it.what.connection;
    auto& c = o.truth_.of(id);
    auto cancels = it.what.kind == job_kind::cancel;
    auto closes = it.what.kind == job_kind::close;
    auto stops = false;
    for (auto& [number, other] : o.truth_.jobs) {
      if (!runs(other, id))
        continue;
      stops = stops || serves_caller(other.what.kind);
      expect(cancels && other.what.kind != job_kind::cancel,
             name(it) + " runs beside another one on its connection");
    }
    expect(!cancels || stops, "a cancel was sent for nothing");
    expect(!closes || !c.lingers_since,
           "a connection was closed in the middle of its holder's call");
    expect(it.what.kind == job_kind::open || closes || c.open,
           name(it) + " runs on a connection that is to be closed");
  }

  void check_statements(const job_truth& it) const {
    std::size_t others = 0;
    for (auto& [number, other] : o.truth_.jobs)
      others += number != it.what.id && other.now != stage::queued
                && serves_caller(other.what.kind) && !other.given_up
                && o.works(other);
    expect(others < o.desk_settings_.workers, "more statements than workers");
  }

  void check_look() const {
    std::size_t working = 0;
    for (auto& [id, worker] : o.truth_.workers)
      working += static_cast<bool>(worker.job);
    working -= std::min(working, o.lost_workers());
    expect(working + 1 < o.desk_settings_.workers + reserve,
           "a look took the last worker");
  }

  void operator()(const desk_effect::stop& x) const {
    auto& it = job(x.job);
    expect(it.now != stage::queued && it.withdrawn_at,
           name(it) + " was stopped though nobody wanted that");
  }

  void operator()(const desk_effect::call_off& x) const {
    auto& it = job(x.job);
    expect(it.now != stage::queued && it.what.kind == job_kind::open,
           name(it) + " was called off though it is no opening");
  }

  void operator()(const desk_effect::abort& x) const {
    auto& it = job(x.job);
    expect(serves_caller(it.what.kind), name(it) + " was broken for nobody");
    auto due = it.deadline;
    if (it.withdrawn_at)
      due = std::min(due, *it.withdrawn_at + reset_timeouts(o.plan_).first);
    if (it.withdrawn_at && !o.truth_.of(it.what.connection).open)
      due = std::min(due, *it.withdrawn_at);
    for (auto& [number, other] : o.truth_.jobs)
      if (runs(other, it.what.connection)
          && other.what.kind == job_kind::cancel)
        due = std::min(due, other.began_at);
    expect(now >= due + grace, name(it) + " was broken before its time");
  }

  void operator()(const desk_effect::end& x) const {
    if (!o.truth_.jobs.contains(x.job))
      return; // its number was not even noted
    auto& it = job(x.job);
    auto what = name(it);
    switch (x.how) {
      case job_end::done:
        expect(it.now == stage::back, what + " ended before its worker came");
        expect(!serves_caller(it.what.kind) || !it.given_up,
               what + " was answered twice");
        check_cancel(it);
        break;
      case job_end::late:
        expect(it.now == stage::back && it.given_up, what + " is not late");
        break;
      case job_end::stuck:
        expect(it.now != stage::queued && serves_caller(it.what.kind),
               what + " cannot be stuck");
        expect(now >= it.began_at + grace, what + " was given up at once");
        break;
      case job_end::withdrawn:
        expect(it.now == stage::queued, what + " was sent, and nobody told");
        break;
      case job_end::unserved:
        expect(it.now == stage::queued, what + " was sent, and nobody told");
        expect(now >= it.what.deadline, what + " ended before its deadline");
        break;
      case job_end::hurried:
        expect(it.now == stage::queued, what + " was sent, and nobody told");
        expect(o.desk_settings_.shed_overload && !it.what.on_lease,
               what + " was turned away against the settings");
        break;
      case job_end::disconnected:
        expect(it.now == stage::queued, what + " was sent, and nobody told");
        expect(!o.truth_.of(it.what.connection).open,
               what + " lost a connection that is there");
        break;
    }
  }

  /// A cancel that is on its way would hit the next holder.
  void check_cancel(const job_truth& it) const {
    if (!serves_caller(it.what.kind) || o.truth_.of(it.what.connection).broken)
      return;
    for (auto& [number, other] : o.truth_.jobs)
      expect(!runs(other, it.what.connection)
               || other.what.kind != job_kind::cancel
               || other.now == stage::back,
             name(it) + " ended while a cancel for it was on its way");
  }

  void operator()(const desk_effect::session_over& x) const {
    auto& c = o.truth_.of(x.connection);
    expect(c.lingers_since && now >= *c.lingers_since + grace,
           "a holder was not waited for");
  }

  void operator()(const desk_effect::shut_down&) const {
    expect(now >= o.drain_limit_, "a drain was cut short");
    o.shut_down_at_ = now;
  }

  void operator()(const desk_effect::answer_drain&) const {
    expect(o.shut_down_at_ && now >= *o.shut_down_at_,
           "a drain was over before its end");
    o.drain_answered_ = true;
  }
};

void oracle::order(const any_desk_effect& x, time_point now) {
  std::visit(desk_judge{*this, now}, x);
}

// -- after an input -----------------------------------------------------------

bool oracle::works(const job_truth& x) const {
  auto i = truth_.workers.find(x.worker);
  return i != truth_.workers.end() && i->second.job == x.what.id;
}

std::size_t oracle::lost_workers() const {
  return static_cast<std::size_t>(
    std::count_if(desk_.jobs().begin(), desk_.jobs().end(),
                  [](auto& x) { return x.given_up; }));
}

void oracle::check_desk_state() const {
  auto wrong = desk_.violations();
  if (!wrong.empty())
    fail("the desk's state: " + wrong.front());
}

void oracle::check_desk(time_point now) const {
  for (auto& [id, job] : truth_.jobs)
    check_late(job, now);
  check_queue(now);
  check_workers(now);
  check_lingering(now);
  check_drain(now);
}

time_point oracle::end_of_service(const job_truth& x) const {
  auto due = std::max({x.what.deadline, x.began_at, thawed_at_});
  if (x.withdrawn_at) // the cancel has its time, too
    due = std::max(due,
                   *x.withdrawn_at + reset_timeouts(plan_).second + 2 * grace);
  return due + 3 * grace + plan_.timer_slack + 2ms;
}

void oracle::check_late(const job_truth& x, time_point now) const {
  if (!serves_caller(x.what.kind) || x.given_up)
    return;
  expect(now <= end_of_service(x), name(x) + " does not end for its caller");
  auto slack = plan_.timer_slack + 2ms;
  expect(x.now != stage::queued
           || now <= std::max(x.what.deadline, thawed_at_) + slack,
         name(x) + " waits for a worker past its deadline");
  auto broken_by = std::max({x.deadline, x.began_at, thawed_at_}) + 2 * grace;
  expect(x.now != stage::running || x.aborted || now <= broken_by + slack,
         name(x) + " is late, and nothing is done about it");
}

void oracle::check_queue(time_point now) const {
  std::size_t statements = 0;
  for (auto& [id, job] : truth_.jobs)
    statements += job.now != stage::queued && works(job) && !job.given_up
                  && serves_caller(job.what.kind);
  auto idle = std::any_of(truth_.workers.begin(), truth_.workers.end(),
                          [](auto& x) { return !x.second.job; });
  auto usual = desk_settings_.workers + reserve;
  auto lost = lost_workers();
  auto hires = truth_.workers.size() - lost < usual && lost < most_lost * usual;
  for (auto& [id, job] : truth_.jobs) {
    if (job.now != stage::queued || job.ordered_at == now
        || job.what.kind == job_kind::look)
      continue;
    auto& c = truth_.of(job.what.connection);
    if (job.what.kind == job_kind::close) {
      auto uses
        = std::any_of(truth_.jobs.begin(), truth_.jobs.end(), [&](auto& x) {
            return x.first != id && x.second.now != stage::queued
                   && x.second.what.connection == job.what.connection;
          });
      if (uses || c.lingers_since)
        continue;
    }
    auto may
      = !serves_caller(job.what.kind) || statements < desk_settings_.workers;
    expect(!may || (!idle && !hires),
           name(job) + " waits beside a worker who could do it");
  }
}

void oracle::check_workers(time_point now) const {
  auto limit = 30s + plan_.timer_slack + 2ms;
  for (auto& [id, worker] : truth_.workers)
    expect(worker.job || now - std::max(worker.idle_since, thawed_at_) <= limit,
           "a worker without work is kept for ever");
}

void oracle::check_lingering(time_point now) const {
  auto limit = grace + plan_.timer_slack + 2ms;
  for (auto& x : truth_.connections)
    expect(!x.lingers_since || x.cut_off
             || now - std::max(*x.lingers_since, thawed_at_) <= limit,
           "a pool waits for a holder who was fenced off");
}

void oracle::check_drain(time_point now) const {
  auto slack = plan_.timer_slack + 2ms;
  if (drain_limit_ == never || thawed_at_ > drain_limit_)
    return;
  expect(shut_down_at_ || now <= drain_limit_ + slack,
         "a drain waits for its holders beyond its limit");
  expect(!shut_down_at_ || drain_answered_
           || now <= *shut_down_at_ + desk_settings_.close_timeout + slack,
         "nobody is told that a drain does not come to its end");
}

} // namespace caf_pool::simulation
