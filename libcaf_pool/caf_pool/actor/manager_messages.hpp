#pragma once

#include "caf_pool/actor/pool_messages.hpp"
#include "caf_pool/backend/backend.hpp"
#include "caf_pool/core/node_config.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// The messages that the manager of all pools understands inside a process.
namespace caf_pool {

/// Grows each time a name comes to mean another pool, or none. Who remembers
/// addresses asks again when it is not what it was.
using directory_version = std::shared_ptr<std::atomic<std::uint64_t>>;

/// Answer: the pool's stable address; `closed` and why if it is over;
/// `pool_not_found` with the names that exist.
struct find_pool {
  std::string name;
};

/// As `find_pool`, but a pool that is over is made anew first, with the
/// settings that it had.
struct revive_pool {
  std::string name;
};

/// Answer: `pool_list`, with pools that are over.
struct list_pools {};

struct pool_list {
  std::vector<std::string> names;
};

/// Makes a pool; a second time with the same name is an error. Answer: its
/// stable address, or `config_invalid` with all problems.
struct create_pool {
  pool_config config;
  /// Taken from the registry by `config.backend` if it is null.
  backend_ptr backend = nullptr;
};

/// Answer: `all_snapshots`, ordered by name. A pool that is over is shown until
/// it is made anew or taken out of the configuration.
struct get_all_snapshots {};

/// The same of one pool. Answer: `pool_snapshot`, or `pool_not_found`.
struct get_pool_snapshot {
  std::string name;
};

struct all_snapshots {
  std::vector<pool_snapshot> pools;
};

/// Puts the pools of a new configuration in force: all of it, or nothing.
/// Answer: `accepted`, or an error with all problems.
struct apply_pools {
  std::vector<pool_config> pools;
};

/// Drains all pools, and shuts down what is left at the limit. Answer:
/// `accepted`, the longest `close_timeout` after the limit at the latest. New
/// pools are refused from then on.
struct drain_all {
  duration limit = duration::zero();
};

/// As `subscribe`, for all pools, also those that come later: of these, each
/// event from their first opening on.
struct subscribe_all {
  bool stop = false;
};

/// Finds, makes, reloads and drains pools, and answers for all of them.
using manager_handle
  = actor_of<pool_handle(find_pool), pool_handle(revive_pool),
             pool_list(list_pools), pool_handle(create_pool),
             all_snapshots(get_all_snapshots), pool_snapshot(get_pool_snapshot),
             accepted(apply_pools), accepted(drain_all), void(subscribe_all)>;

} // namespace caf_pool

CAF_POOL_BEGIN_MESSAGES(caf_pool_manager_messages, 240)
CAF_POOL_MESSAGE(caf_pool_manager_messages, caf_pool::find_pool)
CAF_POOL_MESSAGE(caf_pool_manager_messages, caf_pool::revive_pool)
CAF_POOL_MESSAGE(caf_pool_manager_messages, caf_pool::list_pools)
CAF_POOL_MESSAGE(caf_pool_manager_messages, caf_pool::pool_list)
CAF_POOL_MESSAGE(caf_pool_manager_messages, caf_pool::create_pool)
CAF_POOL_MESSAGE(caf_pool_manager_messages, caf_pool::get_all_snapshots)
CAF_POOL_MESSAGE(caf_pool_manager_messages, caf_pool::all_snapshots)
CAF_POOL_MESSAGE(caf_pool_manager_messages, caf_pool::get_pool_snapshot)
CAF_POOL_MESSAGE(caf_pool_manager_messages, caf_pool::apply_pools)
CAF_POOL_MESSAGE(caf_pool_manager_messages, caf_pool::drain_all)
CAF_POOL_MESSAGE(caf_pool_manager_messages, caf_pool::subscribe_all)
CAF_POOL_HANDLE(caf_pool_manager_messages, caf_pool::pool_handle)
CAF_POOL_END_MESSAGES(caf_pool_manager_messages)
