#pragma once

#include "caf_pool/actor/pool_caller.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace caf_pool {

/// Whom a pool's actor has not answered yet: by ticket, by sender and by the
/// number that the sender gave its request.
///
/// Thread-safety: the actor's own.
class pool_callers {
public:
  void add(ticket id, pool_caller who);

  /// Returns nullptr if nobody waits under that ticket any more.
  pool_caller* find(ticket id) noexcept;

  /// Removes a caller, who is about to be answered; nothing if it is gone.
  std::optional<pool_caller> take(ticket id);

  /// Removes everybody.
  std::unordered_map<ticket, pool_caller> take_all();

  /// Returns the ticket of a request, if it was not answered yet.
  std::optional<ticket> of_request(const caf::actor_addr& from,
                                   std::uint64_t request) const;

  /// Returns what an actor waits for by message.
  std::vector<ticket> of_sender(const caf::actor_addr& from) const;

private:
  std::unordered_map<ticket, pool_caller> callers_;
  std::map<std::pair<caf::actor_addr, std::uint64_t>, ticket> requests_;
};

} // namespace caf_pool
