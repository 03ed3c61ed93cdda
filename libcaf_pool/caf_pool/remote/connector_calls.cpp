#include "caf_pool/protocol/codec.hpp"
#include "caf_pool/remote/connector_actor.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

duration connector_actor::limit_or_default(duration x) const {
  return x > duration::zero() ? x : setup_.options.limit;
}

/// Sends a request and keeps the promise when its answer comes. Handlers of
/// calls run in this actor, because it is the one that settles them.
template <class Reply, class Message, class Convert>
connector_actor::promise<Reply> connector_actor::forward(call_kind kind,
                                                         Message x,
                                                         duration limit,
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
    std::move(x), {kind, now, add_saturated(now, limit), std::move(handler)});
  if (!sent)
    reply.deliver(to_caf(sent.error()));
  return reply;
}

connector_actor::promise<remote_rows> connector_actor::on_execute(
  const remote_execute& x) {
  auto limit = limit_or_default(x.limit);
  auto payload = wire::encode(x.statements);
  auto travel = wire::to_us(setup_.link->travel_limit(limit));
  auto convert = [](remote_reply y) -> result<remote_rows> {
    auto rows = wire::decode<std::vector<sql_result>>(y.payload);
    if (!rows)
      return rows.error();
    return remote_rows{*std::move(rows)};
  };
  if (x.lease.empty())
    return forward<remote_rows>(
      call_kind::execute,
      wire::execute{0, x.pool, std::move(payload), travel, 0}, limit, convert);
  return forward<remote_rows>(
    call_kind::execute,
    wire::execute_on{0, x.lease, std::move(payload), travel}, limit, convert);
}

connector_actor::promise<remote_grant> connector_actor::on_acquire(
  const remote_acquire& x) {
  auto limit = limit_or_default(x.wait);
  auto order = wire::acquire{};
  order.pool = x.pool;
  order.wait_us = wire::to_us(setup_.link->travel_limit(limit));
  order.expected_us = wire::to_us(x.expected);
  order.priority = x.priority;
  order.only_if_free = x.only_if_free;
  order.read_only = x.read_only;
  auto owner = caf::actor_cast<caf::actor>(current_sender());
  auto convert = [this, owner](remote_reply y) -> result<remote_grant> {
    auto token = y.lease->token;
    auto waited = y.waited;
    own(std::move(y.lease), owner);
    return remote_grant{std::move(token), waited};
  };
  return forward<remote_grant>(call_kind::acquire, std::move(order), limit,
                               convert);
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
    call_kind::question, wire::list_pools{}, setup_.options.limit,
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
    call_kind::question, wire::get_snapshot{0, x.pool}, setup_.options.limit,
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
    call_kind::question, wire::get_health{0, x.pool}, setup_.options.limit,
    [](const remote_reply& y) -> result<remote_health> {
      auto pools = wire::decode<std::vector<pool_health>>(y.payload);
      if (!pools)
        return pools.error();
      return remote_health{*std::move(pools)};
    });
}

connector_actor::promise<remote_done> connector_actor::on_control(
  const remote_control& x) {
  auto order = wire::control{0, x.pool, static_cast<std::uint8_t>(x.what),
                             wire::to_us(x.limit)};
  return forward<remote_done>(
    call_kind::question, std::move(order),
    wire::bounded(setup_.options.limit) + wire::bounded(x.limit),
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
