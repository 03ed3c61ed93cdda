#include "caf_pool/protocol/codec.hpp"
#include "caf_pool/remote/connector_actor.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

/// Sends a request and keeps the promise when its answer comes. Handlers of
/// calls run in this actor, because it is the one that settles them.
template <class Reply, class Convert>
connector_actor::promise<Reply> connector_actor::forward(sent_call x,
                                                         Convert convert) {
  auto reply = make_response_promise<Reply>();
  auto now = clock::now();
  auto handler = [reply, convert](remote_reply answer) mutable {
    if (answer.why) {
      reply.deliver(to_caf(answer.why));
      return;
    }
    auto value = convert(std::move(answer));
    if (value)
      reply.deliver(*std::move(value));
    else
      reply.deliver(to_caf(value.error()));
  };
  auto sent = setup_.link->call(
    std::move(x.message),
    {x.kind, now, add_saturated(now, x.limit), std::move(handler)});
  if (!sent)
    reply.deliver(to_caf(sent.error()));
  return reply;
}

connector_actor::promise<remote_outcome> connector_actor::on_execute(
  const remote_execute& x) {
  auto on_lease = !x.lease.empty();
  return forward<remote_outcome>(
    ask_for_work(*setup_.link, on_lease, on_lease ? x.lease : x.pool, x.what,
                 x.how, setup_.options.limit),
    [](const remote_reply& y) -> result<remote_outcome> {
      auto value = wire::decode<outcome>(y.payload);
      if (!value)
        return value.error();
      return remote_outcome{*std::move(value)};
    });
}

connector_actor::promise<remote_grant> connector_actor::on_acquire(
  const remote_acquire& x) {
  auto owner = caf::actor_cast<caf::actor>(current_sender());
  return forward<remote_grant>(
    ask_for_lease(*setup_.link, x.pool, x.how, setup_.options.limit),
    [this, owner](remote_reply y) -> result<remote_grant> {
      auto token = y.lease->token;
      auto waited = y.waited;
      own(std::move(y.lease), owner);
      return remote_grant{std::move(token), waited};
    });
}

bool connector_actor::owns_any(const caf::actor_addr& who) const {
  return std::any_of(leases_.begin(), leases_.end(),
                     [&who](auto& kvp) { return kvp.second.owner == who; });
}

void connector_actor::own(std::shared_ptr<remote_lease_state> lease,
                          const caf::actor& owner) {
  auto address = owner ? owner.address() : caf::actor_addr{};
  auto known = owns_any(address);
  auto token = lease->token;
  leases_.insert_or_assign(token, local_lease{std::move(lease), address});
  // If it is dead already, the answer finds nobody, and the lease comes back.
  if (owner && !known)
    watch(owner);
}

void connector_actor::on_release(const remote_release& x) {
  auto node = leases_.extract(x.lease);
  if (node.empty())
    return;
  auto& lease = node.mapped();
  setup_.link->release(*lease.state, x.broken);
  auto who = caf::actor_cast<caf::actor>(lease.owner);
  if (who && !owns_any(lease.owner))
    unwatch_actor(this, who);
}

connector_actor::promise<remote_names> connector_actor::on_list(
  const remote_list&) {
  return forward<remote_names>(
    ask_about(wire::subject::list, {}, setup_.options.limit),
    [](const remote_reply& y) -> result<remote_names> {
      auto names = wire::decode<std::vector<std::string>>(y.payload);
      if (!names)
        return names.error();
      return remote_names{*std::move(names)};
    });
}

connector_actor::promise<remote_snapshot> connector_actor::on_snapshot(
  const remote_get_snapshot& x) {
  return forward<remote_snapshot>(
    ask_about(wire::subject::snapshot, x.pool, setup_.options.limit),
    [](const remote_reply& y) -> result<remote_snapshot> {
      auto value = wire::decode<pool_snapshot>(y.payload);
      if (!value)
        return value.error();
      return remote_snapshot{*std::move(value)};
    });
}

connector_actor::promise<remote_health> connector_actor::on_health(
  const remote_get_health& x) {
  return forward<remote_health>(
    ask_about(wire::subject::health, x.pool, setup_.options.limit),
    [](const remote_reply& y) -> result<remote_health> {
      auto pools = wire::decode<std::vector<pool_health>>(y.payload);
      if (!pools)
        return pools.error();
      return remote_health{*std::move(pools)};
    });
}

connector_actor::promise<remote_done> connector_actor::on_control(
  const remote_control& x) {
  return forward<remote_done>(
    ask_to_operate(x.pool, x.what, x.limit, setup_.options.limit),
    [](const remote_reply&) -> result<remote_done> { return remote_done{}; });
}

result<remote_handle> spawn_remote_client(caf::actor_system& sys,
                                          remote_options options) {
  auto where = parse_address(options.address);
  if (!where)
    return where.error();
  auto link = std::make_shared<remote_link>(options.address);
  auto setup = connector_setup{std::move(options), *where, link, nullptr};
  return remote_handle{sys.spawn<connector_actor>(std::move(setup))};
}

} // namespace caf_pool
