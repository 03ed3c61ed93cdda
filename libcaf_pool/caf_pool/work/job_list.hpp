#pragma once

#include "caf_pool/work/job_order.hpp"

#include <cstdint>
#include <vector>

namespace caf_pool {

/// A job at the desk.
struct desk_job {
  enum class stage : std::uint8_t {
    /// A close waits for whoever still uses the connection.
    blocked,
    queued,
    /// A worker has it.
    running,
    /// It is done, but a cancel for it is still on its way.
    cancelling,
  };

  job_order what;
  stage now = stage::queued;
  worker_id worker = {};
  /// When something has to be done about it.
  time_point due = never;
  /// Its caller withdrew while it ran.
  bool stopped = false;
  /// It was late, and its connection was broken.
  bool aborted = false;
  /// Nobody counts on its worker any more.
  bool given_up = false;
};

/// The jobs of a desk, in the order of coming. What is found stays at its place
/// until a job is added or erased.
///
/// Thread-safety: like a plain value.
class job_list {
public:
  desk_job& add(const job_order& x, desk_job::stage now);
  void erase(job_id id);

  // -- finding: nullptr if there is none --------------------------------------

  desk_job* find(job_id id) noexcept;
  desk_job* find(connection_id id, job_kind kind) noexcept;
  /// The job on a connection that serves a caller and was not given up.
  desk_job* service_on(connection_id id) noexcept;
  /// The same by its caller.
  const desk_job* service_for(ticket caller) const noexcept;

  // -- asking -----------------------------------------------------------------

  /// Something goes on on a connection, closing aside.
  bool busy(connection_id id) const noexcept;
  /// The same, whether or not anybody counts on it; what waits aside.
  bool occupied(connection_id id) const noexcept;
  bool closes(connection_id id) const noexcept;

  /// Returns the numbers of some jobs: what is done about one may move others.
  template <class Predicate>
  std::vector<job_id> ids_of(Predicate wanted) const {
    std::vector<job_id> result;
    for (auto& x : jobs_)
      if (wanted(x))
        result.push_back(x.what.id);
    return result;
  }

  auto begin() noexcept {
    return jobs_.begin();
  }

  auto end() noexcept {
    return jobs_.end();
  }

  auto begin() const noexcept {
    return jobs_.begin();
  }

  auto end() const noexcept {
    return jobs_.end();
  }

private:
  std::vector<desk_job> jobs_;
};

} // namespace caf_pool
