#include "caf_pool/backend/redis_cluster/table_asker.hpp"

#include "caf_pool/backend/redis_cluster/slot_table_reading.hpp"
#include "caf_pool/backend/redis_cluster/table_vote.hpp"

#include <optional>
#include <string>
#include <utility>

namespace caf_pool::cluster {

namespace {

/// Whoever takes longer is asked later.
constexpr duration longest_answer = std::chrono::seconds{1};

error no_cluster(const node_address& node, const error& why) {
  return {why.code == errc::execute_failed ? errc::open_refused : why.code,
          "node " + to_string(node)
            + " does not tell the slots of its cluster: " + why.message
            + "; it may be no node of a cluster, or the user lacks the right "
              "for CLUSTER SLOTS",
          why.state};
}

error none_to_take(std::size_t asked) {
  return {errc::server_unready,
          "none of the " + std::to_string(asked)
            + " nodes that answered names masters for the slots; the cluster "
              "is being made, or those nodes were removed from it",
          "CLUSTERDOWN"};
}

bool may_follow(const slot_table& present, const slot_table& next) {
  return present.covered() > 0 ? present.accepts(next)
                               : next.covered() == slot_count;
}

/// Returns what to begin with if no node serves every slot.
const slot_table* best_of(const std::vector<told_table>& told) {
  const slot_table* result = nullptr;
  for (auto& x : told)
    if (x.table.covered() > 0
        && (result == nullptr || x.table.preferable_to(*result)))
      result = &x.table;
  return result;
}

} // namespace

result<slot_table> table_asker::ask(const std::vector<node_address>& nodes,
                                    const slot_table& present,
                                    const std::stop_token& stop,
                                    std::vector<node_address>* members) {
  auto last = none_to_take(0);
  std::vector<told_table> told;
  for (auto& node : nodes) {
    if (stop.stop_requested())
      break;
    auto said = ask(node, stop, members);
    if (!said) {
      last = said.error();
      continue;
    }
    if (may_follow(present, *said))
      return said;
    told.push_back({node, *std::move(said)});
  }
  auto* found = present.covered() > 0 ? agreed(present, told) : best_of(told);
  if (found != nullptr)
    return *found;
  return told.empty() ? last : none_to_take(told.size());
}

result<slot_table> table_asker::ask(const node_address& node,
                                    const std::stop_token& stop,
                                    std::vector<node_address>* members) {
  auto deadline = add_saturated(clock::now(), longest_answer);
  auto known = open_ != nullptr && to_ == node;
  if (auto ok = connect(node, stop, deadline); !ok)
    return ok.error();
  auto replies = exchange(members != nullptr, stop, deadline);
  if (!replies && known && replies.error().code == errc::connection_lost) {
    // It was idle for long.
    if (auto ok = connect(node, stop, deadline); !ok)
      return ok.error();
    replies = exchange(members != nullptr, stop, deadline);
  }
  if (!replies)
    return no_cluster(node, replies.error());
  auto source = slot_table_source{node, 0, {}};
  if (auto& info = replies->items.front())
    if (auto text = info->text())
      source.epoch = read_epoch(*text).value_or(0);
  if (members != nullptr && replies->items[2])
    read_members(*replies->items[2], node.host, *members);
  auto& slots = replies->items[1];
  if (!slots)
    return no_cluster(node, slots.error());
  return read_slot_table(*slots, source);
}

result<void> table_asker::connect(const node_address& node,
                                  const std::stop_token& stop,
                                  time_point deadline) {
  if (open_ != nullptr && to_ == node && open_->state() == trace::clean)
    return {};
  open_ = nullptr;
  auto server = nodes_.server(node);
  if (!server)
    return server.error();
  auto made = (*server)->open_unless(stop, deadline);
  if (!made) {
    auto why = made.error();
    why.message = "node " + to_string(node) + ": " + why.message;
    return why;
  }
  open_ = *std::move(made);
  to_ = node;
  return {};
}

result<redis_replies> table_asker::exchange(bool members,
                                            const std::stop_token& stop,
                                            time_point deadline) {
  auto both = redis_commands{};
  both.items.emplace_back("CLUSTER", "INFO");
  both.items.emplace_back("CLUSTER", "SLOTS");
  if (members)
    both.items.emplace_back("CLUSTER", "NODES");
  auto abort = std::stop_callback{stop, [this] { open_->abort(); }};
  auto done = open_->run(work{std::move(both)}, deadline);
  if (!done)
    return done.error();
  return std::move(done->replies());
}

} // namespace caf_pool::cluster
