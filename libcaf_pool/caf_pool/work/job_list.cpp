#include "caf_pool/work/job_list.hpp"

#include <algorithm>

namespace caf_pool {

namespace {

template <class Jobs, class Predicate>
auto first_of(Jobs& jobs, Predicate wanted) noexcept {
  auto i = std::find_if(jobs.begin(), jobs.end(), wanted);
  return i != jobs.end() ? &*i : nullptr;
}

bool serves(const desk_job& x) noexcept {
  return serves_caller(x.what.kind) && !x.given_up;
}

} // namespace

desk_job& job_list::add(const job_order& x, desk_job::stage now) {
  auto& job = jobs_.emplace_back();
  job.what = x;
  job.now = now;
  return job;
}

void job_list::erase(job_id id) {
  std::erase_if(jobs_, [id](auto& x) { return x.what.id == id; });
}

desk_job* job_list::find(job_id id) noexcept {
  return first_of(jobs_, [id](auto& x) { return x.what.id == id; });
}

desk_job* job_list::find(connection_id id, job_kind kind) noexcept {
  return first_of(jobs_, [id, kind](auto& x) {
    return x.what.connection == id && x.what.kind == kind;
  });
}

desk_job* job_list::service_on(connection_id id) noexcept {
  return first_of(
    jobs_, [id](auto& x) { return x.what.connection == id && serves(x); });
}

const desk_job* job_list::service_for(ticket caller) const noexcept {
  return first_of(
    jobs_, [caller](auto& x) { return x.what.caller == caller && serves(x); });
}

bool job_list::busy(connection_id id) const noexcept {
  return std::any_of(jobs_.begin(), jobs_.end(), [id](auto& x) {
    return x.what.connection == id && x.what.kind != job_kind::close
           && !x.given_up;
  });
}

bool job_list::occupied(connection_id id) const noexcept {
  return std::any_of(jobs_.begin(), jobs_.end(), [id](auto& x) {
    return x.what.connection == id && x.what.kind != job_kind::close
           && x.now == desk_job::stage::running;
  });
}

bool job_list::closes(connection_id id) const noexcept {
  return std::any_of(jobs_.begin(), jobs_.end(), [id](auto& x) {
    return x.what.connection == id && x.what.kind == job_kind::close;
  });
}

} // namespace caf_pool
