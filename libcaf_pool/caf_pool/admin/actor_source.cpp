#include "caf_pool/admin/actor_source.hpp"

#include <utility>

namespace caf_pool {

namespace {

// Asks once and ends with the answer. One actor for each look needs no message
// of its own to be told; a manager that never answers keeps a kilobyte.
void look_once(caf::event_based_actor* self, const manager_handle& manager,
               const look_done& done) {
  ask(self, manager, caf::infinite, get_all_snapshots{})
    .then([done](all_snapshots& found) { done(std::move(found.pools)); },
          [done](const caf::error& why) { done(from_caf(why)); });
}

} // namespace

admin_source admin_source_from(caf::actor_system& sys, manager_handle manager,
                               admin_node_source node) {
  admin_source result;
  result.look = [&sys, manager = std::move(manager)](look_done done) {
    sys.spawn<caf::hidden>(look_once, manager, std::move(done));
  };
  result.node = std::move(node.facts);
  result.config = std::move(node.config);
  result.families = std::move(node.families);
  result.name = std::move(node.name);
  result.version = std::move(node.version);
  return result;
}

} // namespace caf_pool
