#pragma once

#include "caf_pool/actor/pool_supervisor.hpp"
#include "caf_pool/front/wait_node.hpp"
#include "caf_pool/lease/lease.hpp"
#include "caf_pool/machine/pool_facts.hpp"

#include <functional>
#include <memory>

namespace caf_pool {

/// A wish of somebody who does not block: when the pool's actor dies with it,
/// the supervisor hands it to the next one. A detail of `any_pool`.
///
/// Thread-safety: filled in by one thread, then left alone.
struct async_wish : std::enable_shared_from_this<async_wish> {
  acquire_input wish;
  std::function<void(result<lease>)> handler;
  pool_ref pool;

  /// Makes the end for the pool's actor; it keeps this object alive.
  granter answer();

private:
  void conclude(result<loan> x);
  void ask_again();

  static inline thread_local const async_wish* asking_again = nullptr;
};

} // namespace caf_pool
