#include "caf_pool/read_only_workers.hpp"

#include "caf_pool/actor/caf_compat.hpp"

#include <exception>
#include <utility>

namespace caf_pool {

namespace {

result<lease> restricted(lease held, time_point deadline) {
  try {
    if (auto limited = held.get().restrict_to_reads(deadline); !limited)
      return limited.error();
  } catch (const std::exception& ex) {
    return error{errc::internal,
                 std::string{"the backend threw an exception, which it must "
                             "not: "}
                   + ex.what(),
                 {}};
  }
  return held;
}

} // namespace

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
    next.done(restricted(std::move(next.held), next.deadline));
  }
}

} // namespace caf_pool
