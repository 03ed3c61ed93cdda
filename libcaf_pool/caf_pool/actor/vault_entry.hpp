#pragma once

#include "caf_pool/caf/caf_compat.hpp"
#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/front/slot_table.hpp"
#include "caf_pool/lease/pooled_connection.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace caf_pool {

/// Who works on a lease by id.
struct id_holder {
  caf::actor_addr holder;
  std::uint64_t request = 0;
  lease_id lease;
  /// What the pool's actor took from the front in the holder's name; nothing if
  /// the machine granted the lease, or claimed it.
  loan from_front = {};
  /// Holder for people, and since when; only with `from_front`.
  std::string name = {};
  time_point since = {};
};

/// A connection in the pool's possession and its place in the front.
struct vault_entry {
  std::shared_ptr<pooled_connection> held;
  std::optional<slot_index> slot;
  /// The slot's generation when it was bound, and how often the machine granted
  /// through it since: the rest of the generations are uses without a message.
  std::uint64_t first_generation = 0;
  std::uint64_t grants = 0;
  /// The slot's generation of the machine's present grant.
  std::uint64_t granted_generation = 0;
  /// Nobody works on it by id if there is no holder.
  id_holder by_id;
};

} // namespace caf_pool
