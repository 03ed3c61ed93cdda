#include "caf_pool/gate/printable.hpp"
#include "caf_pool/gate/remote_session.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

namespace {

/// For questions that no server is asked for.
constexpr duration question_limit = std::chrono::seconds{5};

constexpr std::size_t max_events_subscribed = 100;

error unknown_subject(std::uint8_t x) {
  return {errc::protocol_mismatch,
          "this node knows no call " + std::to_string(x)
            + "; use the same release on both sides",
          {}};
}

error unknown_token() {
  return {errc::lease_lost,
          "this session holds no such lease: it was released, or taken back "
          "because the client was silent for too long; acquire another",
          {}};
}

} // namespace

// -- calls --------------------------------------------------------------------

void remote_session::on_call(const wire::call& x) {
  auto what = wire::subject_of(x);
  auto kind = request_kind::other;
  auto needed = role::read;
  auto limit = question_limit;
  if (what == wire::subject::acquire || what == wire::subject::execute
      || what == wire::subject::execute_on) {
    kind = what == wire::subject::acquire ? request_kind::acquire
                                          : request_kind::execute;
    needed = role::use;
    limit = wire::from_us(x.limit_us);
  } else if (what == wire::subject::control) {
    needed = role::operate;
    limit += wire::from_us(x.limit_us);
  }
  if (!begin(x.request, kind, needed, limit))
    return;
  auto now = clock::now();
  if (!what)
    fail(x.request, unknown_subject(x.what));
  else if (x.to_follow == 0)
    start(x, now);
  else if (auto ok = collector_.expect(x.request, x.to_follow); !ok)
    fail(x.request, ok.error());
  else
    open_[x.request].rest = std::make_unique<incomplete>(incomplete{x, now});
}

void remote_session::start(const wire::call& x, time_point since) {
  switch (static_cast<wire::subject>(x.what)) {
    case wire::subject::find:
      return find(x);
    case wire::subject::list:
      return list(x);
    case wire::subject::snapshot:
      return tell_snapshot(x);
    case wire::subject::health:
      return tell_health(x);
    case wire::subject::subscribe:
      return add_subscription(x);
    case wire::subject::unsubscribe:
      return drop_subscription(x);
    case wire::subject::control:
      return operate(x);
    case wire::subject::acquire:
    case wire::subject::execute:
    case wire::subject::execute_on:
      return serve(x, since);
  }
}

void remote_session::serve(const wire::call& x, time_point since) {
  auto order = wire::decode_order(x.payload, since);
  if (!order) {
    fail(x.request, order.error());
    return;
  }
  // Who somebody is, is not what he says.
  auto& how = order->how;
  how.tenant = setup_.who.number;
  how.holder
    = how.holder.empty() ? holder_ : holder_ + ": " + printable(how.holder);
  how.bound_by_pool = true;
  auto what = static_cast<wire::subject>(x.what);
  if (what == wire::subject::acquire) {
    acquire_from(x, std::move(how));
    return;
  }
  auto wish = execute{std::move(order->what), std::move(how), {}, x.request};
  if (what == wire::subject::execute_on)
    execute_on(x, std::move(wish));
  else
    with_pool(x.request, x.target,
              [this, request = x.request,
               wish = std::move(wish)](const pool_handle& pool) mutable {
                run(request, pool, std::move(wish));
              });
}

// -- work ---------------------------------------------------------------------

void remote_session::run(std::uint64_t request, const pool_handle& pool,
                         execute what) {
  open_[request].pool = pool;
  ask(this, pool, caf::infinite, std::move(what))
    .then(
      [this, request](const outcome& x) {
        if (!open_.contains(request))
          return;
        auto payload = wire::encode(x);
        if (payload.size() > wire::max_payload)
          fail(request,
               {errc::result_too_large,
                "the result takes " + std::to_string(payload.size())
                  + " bytes, more than the " + std::to_string(wire::max_payload)
                  + " that a message may have; it was executed",
                {}});
        else
          finish(request, std::move(payload));
      },
      [this, request](const caf::error& why) {
        fail_as_pool_said(request, why);
      });
}

void remote_session::execute_on(const wire::call& x, execute what) {
  auto lease = leases_.find(x.target);
  if (lease == leases_.end()) {
    ++setup_.counters->stale_tokens;
    fail(x.request, unknown_token());
    return;
  }
  auto& entry = open_[x.request];
  entry.token = x.target;
  entry.pool_name = lease->second.pool_name;
  what.lease = lease->second.id;
  run(x.request, lease->second.pool, std::move(what));
}

// -- parts --------------------------------------------------------------------

void remote_session::on_part(const wire::part& x) {
  send_to(this, client_, wire::more{x.request});
  auto payload = collector_.add(x.request, x.bytes);
  if (!payload) {
    fail(x.request, payload.error());
    return;
  }
  if (!*payload)
    return;
  auto rest = std::exchange(open_[x.request].rest, nullptr);
  rest->message.payload = **std::move(payload);
  start(rest->message, rest->since);
}

void remote_session::on_more(const wire::more& x) {
  sender_.arrived(x.request);
  send_parts();
}

// -- questions ----------------------------------------------------------------

void remote_session::find(const wire::call& x) {
  // Whether there is one now: what the session knows may be over.
  pools_.erase(x.target);
  with_pool(
    x.request, x.target,
    [this, request = x.request](const pool_handle&) { finish(request); });
}

void remote_session::list(const wire::call& x) {
  auto request = x.request;
  ask(this, setup_.manager, caf::infinite, list_pools{})
    .then(
      [this, request](const pool_list& y) {
        if (open_.contains(request))
          finish(request, wire::encode(y.names));
      },
      [this, request](const caf::error& why) {
        fail_as_pool_said(request, why);
      });
}

void remote_session::tell_snapshot(const wire::call& x) {
  auto request = x.request;
  open_[request].pool_name = x.target;
  // The manager knows pools that are over, too.
  ask(this, setup_.manager, caf::infinite, get_pool_snapshot{x.target})
    .then(
      [this, request](const pool_snapshot& y) {
        if (open_.contains(request))
          finish(request, wire::encode(y));
      },
      [this, request](const caf::error& why) {
        fail_as_pool_said(request, why);
      });
}

void remote_session::tell_health(const wire::call& x) {
  auto request = x.request;
  auto wanted = x.target;
  ask(this, setup_.manager, caf::infinite, get_all_snapshots{})
    .then(
      [this, request, wanted](const all_snapshots& y) {
        if (!open_.contains(request))
          return;
        std::vector<pool_health> result;
        for (auto& pool : y.pools)
          if (wanted.empty() || pool.name == wanted)
            result.push_back(health_of(pool));
        if (result.empty() && !wanted.empty())
          fail(
            request,
            {errc::pool_not_found, "there is no pool \"" + wanted + "\"", {}});
        else
          finish(request, wire::encode(result));
      },
      [this, request](const caf::error& why) {
        fail_as_pool_said(request, why);
      });
}

void remote_session::operate(const wire::call& x) {
  auto wish = wire::decode<wire::operation>(x.payload);
  if (!wish) {
    fail(x.request, wish.error());
    return;
  }
  if (setup_.log)
    setup_.log->write(severity::warning, "remote_control",
                      {{"principal", setup_.who.name},
                       {"client", setup_.client_name},
                       {"pool", x.target},
                       {"verb", std::string{to_string(wish->what)}}});
  auto order = control{wish->what, wish->limit};
  if (order.what == verb::resume)
    resume(x.request, x.target);
  else
    with_pool(x.request, x.target,
              [this, request = x.request, order](const pool_handle& pool) {
                command(request, pool, order);
              });
}

void remote_session::command(std::uint64_t request, const pool_handle& pool,
                             const control& order) {
  ask(this, pool, caf::infinite, order)
    .then(
      [this, request](const accepted&) {
        if (open_.contains(request))
          finish(request);
      },
      [this, request](const caf::error& why) {
        fail_as_pool_said(request, why);
      });
}

/// A pool that is over is made anew.
void remote_session::resume(std::uint64_t request, const std::string& pool) {
  open_[request].pool_name = pool;
  ask(this, setup_.manager, caf::infinite, revive_pool{pool})
    .then(
      [this, request](const pool_handle& x) {
        command(request, x, control{control::verb::resume});
      },
      [this, request](const caf::error& why) {
        fail_as_pool_said(request, why);
      });
}

// -- events and life ----------------------------------------------------------

void remote_session::drop_subscription(const wire::call& x) {
  // What still comes is left out.
  subscriptions_.erase(x.target);
  if (subscriptions_.empty())
    send_to(this, setup_.manager, subscribe_all{true});
  finish(x.request);
}

void remote_session::add_subscription(const wire::call& x) {
  auto request = x.request;
  if (subscriptions_.size() >= max_events_subscribed) {
    fail(request, {errc::queue_full, "too many subscriptions", {}});
    return;
  }
  auto add = [this, request, name = x.target] {
    // One subscription for all pools survives their restarts and reloads.
    if (subscriptions_.empty())
      send_to(this, setup_.manager, subscribe_all{});
    subscriptions_.insert(name);
    arm();
    // The manager has told the pools when it answers what comes next.
    ask(this, setup_.manager, caf::infinite, list_pools{})
      .then(
        [this, request](const pool_list&) {
          if (open_.contains(request))
            finish(request);
        },
        [this, request](const caf::error& why) {
          fail_as_pool_said(request, why);
        });
  };
  if (x.target.empty())
    add();
  else
    with_pool(request, x.target, [add](const pool_handle&) { add(); });
}

void remote_session::on_event(const pool_event& x) {
  if (!subscriptions_.contains("") && !subscriptions_.contains(x.pool))
    return;
  if (event_credit_ == 0) {
    ++missed_events_;
    return;
  }
  --event_credit_;
  send_to(this, client_,
          wire::event{wire::encode(x), std::exchange(missed_events_, 0)});
}

void remote_session::on_renew(const wire::renew& x) {
  send_to(this, client_, wire::renewed{x.sequence});
}

void remote_session::on_goodbye(const wire::goodbye& x) {
  end("the client said goodbye: " + x.reason, false);
}

} // namespace caf_pool
