#include "caf_pool/protocol/codec.hpp"
#include "caf_pool/remote/connector_actor.hpp"

#include <utility>

namespace caf_pool {

void connector_actor::ask_for_events(const std::string& pool, bool stop) {
  auto deadline = add_saturated(clock::now(), setup_.options.limit);
  auto what = stop ? wire::subject::unsubscribe : wire::subject::subscribe;
  // A pool that does not exist sends no events; that is all.
  static_cast<void>(setup_.link->call(
    ask_about(what, pool, setup_.options.limit).message,
    {call_kind::question, clock::now(), deadline, [](const remote_reply&) {}}));
}

void connector_actor::on_listen(const listen_to& x) {
  if (x.handler)
    listeners_.insert_or_assign(x.pool, x.handler);
  else
    listeners_.erase(x.pool);
  if (stage_ == stage::ready)
    ask_for_events(x.pool, !x.handler);
}

void connector_actor::on_event(const wire::event& x) {
  if (!from_session())
    return;
  auto event = wire::decode<pool_event>(x.payload);
  if (!event)
    return;
  auto listeners = listeners_;
  for (auto& [pool, handler] : listeners)
    if (pool.empty() || pool == event->pool)
      handler(*event);
}

} // namespace caf_pool
