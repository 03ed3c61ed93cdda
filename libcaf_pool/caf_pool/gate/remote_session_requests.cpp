#include "caf_pool/gate/remote_session.hpp"
#include "caf_pool/protocol/codec.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace caf_pool {

namespace {

/// What is left of a limit after the statements came, if anything is: zero
/// would mean the pool's own.
constexpr duration shortest_run = std::chrono::microseconds{1};

/// For questions that no server is asked for.
constexpr duration question_limit = std::chrono::seconds{5};

constexpr std::size_t max_events_subscribed = 100;

std::optional<control::verb> to_control(std::uint8_t x) {
  if (x > static_cast<std::uint8_t>(wire::last_verb))
    return std::nullopt;
  switch (static_cast<wire::verb>(x)) {
    case wire::verb::pause:
      return control::verb::pause;
    case wire::verb::resume:
      return control::verb::resume;
    case wire::verb::drain:
      return control::verb::drain;
    case wire::verb::reconnect:
      return control::verb::reconnect;
    case wire::verb::force_open:
      return control::verb::force_open;
    case wire::verb::force_closed:
      return control::verb::force_closed;
    case wire::verb::reset_breaker:
      return control::verb::reset_breaker;
  }
  return std::nullopt;
}

std::string name_of(std::uint8_t x) {
  return std::string{to_string(static_cast<wire::verb>(x))};
}

error unknown_token() {
  return {errc::lease_lost,
          "this session holds no such lease: it was released, or taken back "
          "because the client was silent for too long; acquire another",
          {}};
}

} // namespace

// -- statements ---------------------------------------------------------------

void remote_session::run(std::uint64_t request, const pool_handle& pool,
                         execute what) {
  open_[request].pool = pool;
  what.request = request;
  what.tenant = setup_.who.number;
  what.holder = holder_;
  what.bound_by_pool = true;
  ask(this, pool, caf::infinite, std::move(what))
    .then(
      [this, request](const execute_result& x) {
        if (!open_.contains(request))
          return;
        auto payload = wire::encode(x.results);
        if (payload.size() > wire::max_payload)
          fail(request,
               {errc::result_too_large,
                "the result takes " + std::to_string(payload.size())
                  + " bytes, more than the " + std::to_string(wire::max_payload)
                  + " that a message may have; it was executed",
                {}});
        else
          finish(request, wire::answer{request, std::move(payload)});
      },
      [this, request](const caf::error& why) {
        fail_as_pool_said(request, why);
      });
}

void remote_session::on_execute(const wire::execute& x) {
  if (begin(x.request, request_kind::execute, role::use,
            wire::from_us(x.limit_us)))
    start_complete(x);
}

void remote_session::on_execute_on(const wire::execute_on& x) {
  if (begin(x.request, request_kind::execute, role::use,
            wire::from_us(x.limit_us)))
    start_complete(x);
}

template <class T>
void remote_session::start_complete(const T& x) {
  if (x.to_follow == 0)
    start(x);
  else if (auto ok = collector_.expect(x.request, x.to_follow); !ok)
    fail(x.request, ok.error());
  else
    open_[x.request].rest
      = std::make_unique<incomplete>(incomplete{x, clock::now()});
}

void remote_session::start(const wire::execute& x) {
  auto statements = wire::decode<std::vector<sql_statement>>(x.statements);
  if (!statements) {
    fail(x.request, statements.error());
    return;
  }
  auto what = execute{};
  what.statements = *std::move(statements);
  what.limit = wire::from_us(x.limit_us);
  what.priority = x.priority;
  with_pool(x.request, x.pool,
            [this, request = x.request,
             what = std::move(what)](const pool_handle& pool) mutable {
              run(request, pool, std::move(what));
            });
}

void remote_session::start(const wire::execute_on& x) {
  auto statements = wire::decode<std::vector<sql_statement>>(x.statements);
  auto lease = leases_.find(x.token);
  if (!statements) {
    fail(x.request, statements.error());
  } else if (lease == leases_.end()) {
    ++setup_.counters->stale_tokens;
    fail(x.request, unknown_token());
  } else {
    auto& entry = open_[x.request];
    entry.token = x.token;
    entry.pool_name = lease->second.pool_name;
    auto what = execute{};
    what.statements = *std::move(statements);
    what.limit = wire::from_us(x.limit_us);
    what.lease = lease->second.id;
    run(x.request, lease->second.pool, std::move(what));
  }
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
  auto spent = clock::now() - rest->since;
  std::visit(
    [&](auto& y) {
      y.statements = **std::move(payload);
      if (y.limit_us > 0)
        y.limit_us = wire::to_us(
          std::max<duration>(wire::from_us(y.limit_us) - spent, shortest_run));
      start(y);
    },
    rest->message);
}

void remote_session::on_more(const wire::more& x) {
  sender_.arrived(x.request);
  send_parts();
}

// -- questions ----------------------------------------------------------------

void remote_session::on_find(const wire::find_pool& x) {
  // Whether there is one now: what the session knows may be over.
  pools_.erase(x.pool);
  if (begin(x.request, request_kind::other, role::read, question_limit))
    with_pool(x.request, x.pool,
              [this, request = x.request](const pool_handle&) {
                finish(request, wire::done{request});
              });
}

void remote_session::on_list(const wire::list_pools& x) {
  if (!begin(x.request, request_kind::other, role::read, question_limit))
    return;
  auto request = x.request;
  ask(this, setup_.manager, caf::infinite, list_pools{})
    .then(
      [this, request](const pool_list& y) {
        if (open_.contains(request))
          finish(request, wire::answer{request, wire::encode(y.names)});
      },
      [this, request](const caf::error& why) {
        fail_as_pool_said(request, why);
      });
}

void remote_session::on_snapshot(const wire::get_snapshot& x) {
  if (!begin(x.request, request_kind::other, role::read, question_limit))
    return;
  auto request = x.request;
  open_[request].pool_name = x.pool;
  // The manager knows pools that are over, too.
  ask(this, setup_.manager, caf::infinite, get_pool_snapshot{x.pool})
    .then(
      [this, request](const pool_snapshot& y) {
        if (open_.contains(request))
          finish(request, wire::answer{request, wire::encode(y)});
      },
      [this, request](const caf::error& why) {
        fail_as_pool_said(request, why);
      });
}

void remote_session::on_health(const wire::get_health& x) {
  if (!begin(x.request, request_kind::other, role::read, question_limit))
    return;
  auto request = x.request;
  auto wanted = x.pool;
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
          finish(request, wire::answer{request, wire::encode(result)});
      },
      [this, request](const caf::error& why) {
        fail_as_pool_said(request, why);
      });
}

void remote_session::on_control(const wire::control& x) {
  auto limit = wire::from_us(x.limit_us);
  if (!begin(x.request, request_kind::other, role::operate,
             limit + question_limit))
    return;
  auto verb = to_control(x.what);
  if (!verb) {
    fail(x.request, {errc::invalid_argument,
                     "there is no order " + std::to_string(x.what),
                     {}});
    return;
  }
  if (setup_.log)
    setup_.log->write(severity::warning, "remote_control",
                      {{"principal", setup_.who.name},
                       {"client", setup_.client_name},
                       {"pool", x.pool},
                       {"verb", name_of(x.what)}});
  auto order = control{*verb, limit};
  if (order.what == control::verb::resume)
    resume(x.request, x.pool);
  else
    with_pool(x.request, x.pool,
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
          finish(request, wire::done{request});
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

void remote_session::on_subscribe(const wire::subscribe& x) {
  if (!begin(x.request, request_kind::other, role::read, question_limit))
    return;
  auto request = x.request;
  if (x.stop) {
    // What still comes is left out.
    subscriptions_.erase(x.pool);
    if (subscriptions_.empty())
      send_to(this, setup_.manager, subscribe_all{true});
    finish(request, wire::done{request});
    return;
  }
  if (subscriptions_.size() >= max_events_subscribed) {
    fail(request, {errc::queue_full, "too many subscriptions", {}});
    return;
  }
  auto add = [this, request, name = x.pool] {
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
            finish(request, wire::done{request});
        },
        [this, request](const caf::error& why) {
          fail_as_pool_said(request, why);
        });
  };
  if (x.pool.empty())
    add();
  else
    with_pool(request, x.pool, [add](const pool_handle&) { add(); });
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
