#include "caf_pool/backend/redis_cluster/redis_cluster_connection.hpp"

#include "caf_pool/backend/redis/redis_command_table.hpp"
#include "caf_pool/backend/redis/redis_refusal.hpp"
#include "caf_pool/backend/redis_cluster/cluster_call.hpp"
#include "caf_pool/backend/redis_cluster/cluster_route.hpp"
#include "caf_pool/backend/redis_cluster/every_master.hpp"
#include "caf_pool/backend/redis_cluster/node_pool.hpp"
#include "caf_pool/backend/redis_cluster/redirect.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace caf_pool {

namespace {

using cluster::gathering;
using cluster::node_address;
using cluster::read_redirect;
using cluster::redirect;
using cluster::slot_number;
using form = redis_commands::form;

/// Before a node is asked again that was not there, or did not serve.
constexpr duration pause_between_tries = std::chrono::milliseconds{50};

std::string shown(const redis_command& x) {
  return std::string{x.name().substr(0, 40)};
}

error no_session(const redis_command& x) {
  return {errc::not_supported,
          shown(x)
            + " changes a session, and a call to a cluster has one on each "
              "node; say it in the settings of the pool, or use a pool of one "
              "node",
          {}};
}

error not_watching(const redis_command& x) {
  return {errc::not_supported,
          shown(x)
            + " needs a lease that has sent WATCH, which says on which node; "
              "or send the commands as a transaction",
          {}};
}

error cross_slot_of_watch(const redis_command& x, slot_number slot) {
  return {errc::invalid_argument,
          shown(x) + " has a key outside of slot " + std::to_string(slot)
            + ", in which the watched keys lie; keys lie in one slot if they "
              "share what stands in braces, as in {user:7}:name",
          "CROSSSLOT"};
}

error for_all(const redis_command& x) {
  return {errc::invalid_argument,
          shown(x) + " means all nodes of a cluster; send it by itself",
          {}};
}

error moved_meanwhile(const error& why) {
  return {errc::execute_failed,
          "the slot of the watched keys went to another node (" + why.message
            + "); nothing took effect: look again and repeat it",
          "CONFLICT"};
}

/// Tells whether a command would do too little among others. A script may be
/// loaded for those that follow.
bool means_all(const redis_command& x, const redis_command_facts* facts) {
  return cluster::gathering_of(x) != gathering::none
         && (facts->name != "script" || facts->subcommand != "load");
}

/// In an order that a failover does not change.
std::vector<node_address> masters_by_slot(const cluster::slot_table& table) {
  std::vector<node_address> result;
  const node_address* last = nullptr;
  for (std::size_t i = 0; i < cluster::slot_count; ++i) {
    auto* x = table.master_of(static_cast<slot_number>(i));
    if (x == nullptr || x == last)
      continue;
    last = x;
    if (std::find(result.begin(), result.end(), *x) == result.end())
      result.push_back(*x);
  }
  return result;
}

bool is_name(const redis_command& x, std::string_view word) {
  auto* facts = find_redis_command(x);
  return facts != nullptr && facts->name == word;
}

bool is_alone(const redis_commands& what, std::string_view word) {
  return what.as == form::pipeline && what.items.size() == 1
         && is_name(what.items.front(), word);
}

} // namespace

struct redis_cluster_connection::pin {
  cluster::node_lease node;
  slot_number slot;
};

redis_cluster_connection::redis_cluster_connection(
  std::shared_ptr<cluster::cluster_route> route)
  : route_(std::move(route)) {
  // nop
}

redis_cluster_connection::~redis_cluster_connection() = default;

// -- work ---------------------------------------------------------------------

std::optional<error> redis_cluster_connection::refusal(
  const redis_commands& what) const {
  if (what.items.empty())
    return no_redis_command();
  auto place = redis_place_of(what);
  for (auto& x : what.items) {
    auto* facts = find_redis_command(x);
    if (auto why = redis_refusal(x, facts, place))
      return why;
    if (facts != nullptr && facts->kind == redis_command_kind::session)
      return no_session(x);
    auto controls
      = facts != nullptr && facts->kind == redis_command_kind::transaction;
    if (controls && !pin_ && !is_alone(what, "watch")
        && !is_alone(what, "unwatch"))
      return not_watching(x);
    if (place != redis_place::single && means_all(x, facts))
      return for_all(x);
    if (restricted_ && !controls && !is_read(x))
      return redis_not_a_read(x);
  }
  return std::nullopt;
}

result<outcome> redis_cluster_connection::run(const work& what,
                                              time_point deadline) {
  auto* commands = std::get_if<redis_commands>(&what.what);
  if (commands == nullptr)
    return no_redis_work();
  if (stop_.aborted())
    return error{
      errc::connection_lost, "the lease was taken away; acquire another", {}};
  if (auto why = refusal(*commands))
    return *std::move(why);
  if (clock::now() >= deadline)
    return error{
      errc::execute_timeout, "there was no time left; nothing was sent", {}};
  auto done = call(*commands, deadline);
  if (!done)
    return done.error();
  return outcome{*std::move(done)};
}

result<redis_replies> redis_cluster_connection::call(const redis_commands& what,
                                                     time_point deadline) {
  if (pin_)
    return call_pinned(what, deadline);
  if (is_alone(what, "watch"))
    return watch(what, deadline);
  if (is_alone(what, "unwatch")) {
    auto nothing = redis_replies{};
    nothing.items.emplace_back(redis_value{redis_status{"OK"}});
    return nothing;
  }
  if (what.items.size() == 1
      && cluster::gathering_of(what.items.front()) != gathering::none
      && what.as == form::pipeline) {
    auto done = call_masters(what.items.front(), deadline);
    if (!done)
      return done.error();
    auto replies = redis_replies{};
    replies.items.emplace_back(*std::move(done));
    return replies;
  }
  return cluster::cluster_call{*route_, stop_, deadline}.run(what);
}

// -- all masters --------------------------------------------------------------

result<redis_value> redis_cluster_connection::call_masters(
  const redis_command& what, time_point deadline) {
  auto how = cluster::gathering_of(what);
  auto count = masters_by_slot(*route_->who.now().table).size();
  if (how == gathering::scan) {
    auto at = cluster::scan_place::of(what);
    if (!at || at->master >= count)
      return error{errc::invalid_argument,
                   "SCAN: the cursor is none that a SCAN returned",
                   {}};
    auto done = call_master(at->master, at->command_for(what), deadline);
    return done ? at->reply_of(*std::move(done), count) : done;
  }
  std::vector<result<redis_value>> replies;
  for (std::size_t i = 0; i < count; ++i) {
    replies.push_back(call_master(i, what, deadline));
    if (!replies.back())
      break;
  }
  return cluster::gathered(how, std::move(replies));
}

result<redis_value> redis_cluster_connection::call_master(
  std::size_t number, const redis_command& what, time_point deadline) {
  auto aborted = [this] { return stop_.aborted(); };
  auto last = error{errc::server_unready, "the cluster has fewer masters now",
                    "CLUSTERDOWN"};
  do {
    auto now = route_->who.now();
    auto masters = masters_by_slot(*now.table);
    if (number >= masters.size())
      return last;
    auto node = route_->nodes.acquire(masters[number], deadline);
    if (node) {
      auto one = redis_commands{};
      one.items.push_back(what);
      auto done = exchange(**node, one, deadline);
      if (done)
        return std::move(done->items.front());
      last = done.error();
      if (last.code != errc::connection_lost)
        return last;
    } else {
      last = node.error();
    }
    route_->who.want_urgently();
    auto until = add_saturated(clock::now(), pause_between_tries);
    route_->who.wait(now.version, std::min(until, deadline), aborted);
  } while (clock::now() < deadline && !stop_.aborted());
  return last;
}

// -- watching -----------------------------------------------------------------

std::optional<error> redis_cluster_connection::other_slot(
  const redis_commands& what) const {
  for (auto& x : what.items) {
    auto keys = keys_of(x);
    if (!keys)
      return keys.error();
    for (auto& key : *keys)
      if (cluster::slot_of(key) != pin_->slot)
        return cross_slot_of_watch(x, pin_->slot);
  }
  return std::nullopt;
}

result<redis_replies> redis_cluster_connection::exchange(
  connection& node, const redis_commands& what, time_point deadline) {
  auto done = stop_.during(node, [&] { return node.run(what, deadline); });
  if (!done)
    return done.error();
  return std::move(done->replies());
}

result<redis_replies> redis_cluster_connection::watch(
  const redis_commands& what, time_point deadline) {
  auto& command = what.items.front();
  auto keys = keys_of(command);
  if (!keys)
    return keys.error();
  auto slot = cluster::slot_of(keys->front());
  for (auto& key : *keys)
    if (cluster::slot_of(key) != slot)
      return cross_slot_of_watch(command, slot);
  auto last = error{};
  auto aborted = [this] { return stop_.aborted(); };
  while (clock::now() < deadline && !stop_.aborted()) {
    auto now = route_->who.now();
    auto until = add_saturated(clock::now(), pause_between_tries);
    auto* master = now.table->master_of(slot);
    if (master != nullptr) {
      auto node = route_->nodes.acquire(*master, deadline);
      auto done = node ? exchange(**node, what, deadline)
                       : result<redis_replies>{node.error()};
      if (done) {
        pin_ = std::make_unique<pin>(pin{*std::move(node), slot});
        return done;
      }
      last = done.error();
      auto said = read_redirect(result<redis_value>{last}, *master);
      if (node && !said && last.code != errc::connection_lost)
        return last;
      if (said.what == redirect::kind::moved && said.target && said.slot == slot
          && route_->who.confirms(*said.target, deadline))
        route_->who.learn(said);
    }
    route_->who.want_urgently();
    route_->who.wait(now.version, std::min(until, deadline), aborted);
  }
  if (last)
    return last;
  return error{errc::server_unready,
               "no node serves the slot of the watched keys", "CLUSTERDOWN"};
}

bool redis_cluster_connection::ends_pin(const redis_commands& what) const {
  if (pin_->node->transaction() != transaction_status::none)
    return false;
  return what.as == form::transaction
         || std::any_of(what.items.begin(), what.items.end(), [](auto& x) {
              return is_name(x, "exec") || is_name(x, "discard")
                     || is_name(x, "unwatch");
            });
}

result<redis_replies> redis_cluster_connection::call_pinned(
  const redis_commands& what, time_point deadline) {
  if (auto why = other_slot(what))
    return *std::move(why);
  auto done = exchange(*pin_->node, what, deadline);
  auto moved = error{};
  auto look = [&](const error& why) {
    auto said = read_redirect(result<redis_value>{why}, {});
    if (!said)
      return;
    moved = moved_meanwhile(why);
    route_->who.want_urgently();
  };
  if (!done)
    look(done.error());
  else
    for (auto& x : done->items)
      if (!x)
        look(x.error());
  if (moved || pin_->node->state() == trace::broken || ends_pin(what))
    pin_.reset();
  if (moved)
    return moved;
  return done;
}

// -- between calls ------------------------------------------------------------

result<void> redis_cluster_connection::probe(time_point deadline) {
  auto last
    = error{errc::connection_lost, "no node of the cluster is known", {}};
  for (auto& node : route_->who.nodes_to_ask()) {
    if (clock::now() >= deadline || stop_.aborted())
      break;
    auto held = route_->nodes.acquire(node, deadline);
    if (!held) {
      last = held.error();
      continue;
    }
    auto alive = stop_.during(**held, [&] { return (**held).probe(deadline); });
    if (alive)
      return {};
    last = alive.error();
  }
  return last;
}

result<void> redis_cluster_connection::reset(reset_policy, time_point) {
  pin_.reset();
  restricted_ = false;
  return {};
}

result<void> redis_cluster_connection::restrict_to_reads(time_point) {
  restricted_ = true;
  return {};
}

trace redis_cluster_connection::state() const noexcept {
  if (stop_.aborted())
    return trace::broken;
  return pin_ || restricted_ ? trace::dirty : trace::clean;
}

transaction_status redis_cluster_connection::transaction() const noexcept {
  return pin_ ? pin_->node->transaction() : transaction_status::none;
}

void redis_cluster_connection::abort() noexcept {
  stop_.abort();
  route_->who.wake();
}

std::vector<cluster::node_state> redis_cluster_connection::nodes() const {
  return route_->nodes.states();
}

} // namespace caf_pool
