#include "caf_pool/actor/read_only_workers.hpp"

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/caf/caf_compat.hpp"

#include <utility>

namespace caf_pool {

result<lease> restricted_to_reads(lease held, time_point deadline) {
  try {
    if (auto limited = held.get().restrict_to_reads(deadline); !limited)
      return limited.error();
  } catch (const std::exception& ex) {
    return backend_threw(ex);
  }
  return held;
}

read_only_workers::read_only_workers(caf::actor_system& sys,
                                     std::uint32_t limit)
  : sys_(sys), limit_(limit) {
  // nop
}

void read_only_workers::restrict_to_reads(lease held, time_point deadline,
                                          handler done) {
  {
    auto guard = std::lock_guard{mutex_};
    backlog_.push_back({std::move(held), deadline, std::move(done)});
    if (working_ >= limit_)
      return;
    ++working_;
  }
  sys_.spawn<caf::detached>(
    [self = shared_from_this()](caf::event_based_actor*) { self->work(); });
}

void read_only_workers::work() {
  for (;;) {
    auto next = order{};
    {
      auto guard = std::lock_guard{mutex_};
      if (backlog_.empty()) {
        --working_;
        return;
      }
      next = std::move(backlog_.front());
      backlog_.pop_front();
    }
    next.done(restricted_to_reads(std::move(next.held), next.deadline));
  }
}

} // namespace caf_pool
