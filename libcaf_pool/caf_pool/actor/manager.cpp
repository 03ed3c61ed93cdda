#include "caf_pool/actor/manager.hpp"

#include "caf_pool/actor/pool_check.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

namespace {

/// How long a pool may take to answer about itself.
constexpr duration snapshot_limit = std::chrono::seconds{1};

/// Collects answers of several pools and replies when all are there.
template <class T>
struct gathering {
  caf::typed_response_promise<T> reply;
  T result;
  std::size_t missing = 0;

  void one_less() {
    if (--missing == 0)
      reply.deliver(std::move(result));
  }
};

} // namespace

manager::manager(caf::actor_config& cfg,
                 std::shared_ptr<const backend_registry> registry)
  : manager_handle::base(cfg), registry_(std::move(registry)) {
  drop_unexpected(this);
}

manager::behavior_type manager::make_behavior() {
  return {
    [this](const find_pool& x) { return on_find(x); },
    [this](const list_pools&) {
      pool_list result;
      for (auto& [name, pool] : pools_)
        result.names.push_back(name);
      return result;
    },
    [this](const create_pool& x) { return on_create(x); },
    [this](const get_all_snapshots&) { return on_snapshots(); },
    [this](const apply_pools& x) { return on_apply(x); },
    [this](const drain_all& x) { return on_drain(x); },
    [this](const subscribe_all& x) { on_subscribe(x); },
  };
}

caf::result<pool_handle> manager::on_find(const find_pool& x) {
  if (auto i = pools_.find(x.name); i != pools_.end())
    return i->second.address;
  std::string names;
  for (auto& [name, pool] : pools_)
    names += (names.empty() ? "" : ", ") + name;
  return to_caf({errc::pool_not_found,
                 "there is no pool \"" + x.name + "\"; there "
                   + (names.empty() ? "are none" : "are: " + names),
                 {}});
}

std::set<caf::actor> manager::subscribers() const {
  std::set<caf::actor> all;
  for (auto& [addr, subscriber] : subscribers_)
    all.insert(subscriber);
  return all;
}

result<pool_handle> manager::add(const pool_config& config, backend_ptr way) {
  auto pool = spawn_pool(system(), config, std::move(way), {}, subscribers());
  if (!pool)
    return pool.error();
  watch_actor(
    this, pool->address,
    [this](const caf::actor_addr& addr, const caf::error&) { on_down(addr); });
  pools_.insert_or_assign(config.name, managed_pool{pool->address, config, {}});
  return pool->address;
}

void manager::on_down(const caf::actor_addr& who) {
  subscribers_.erase(who);
  leaving_.erase(who);
  std::erase_if(pools_, [&who](const auto& entry) {
    return entry.second.address.address() == who;
  });
}

bool manager::knows(const pool_handle& pool) const {
  return leaving_.contains(pool.address())
         || std::any_of(pools_.begin(), pools_.end(), [&pool](auto& entry) {
              return entry.second.address == pool;
            });
}

caf::result<pool_handle> manager::on_create(const create_pool& x) {
  if (draining_)
    return to_caf({errc::draining, "the node drains", {}});
  if (pools_.contains(x.config.name))
    return to_caf({errc::config_invalid,
                   "there is a pool \"" + x.config.name
                     + "\" already; change it by a reload, or choose another "
                       "name",
                   {}});
  auto way = x.way;
  if (way == nullptr) {
    auto made = registry_->make(x.config);
    if (!made)
      return to_caf(made.error());
    way = *std::move(made);
  }
  auto pool = add(x.config, std::move(way));
  if (!pool)
    return to_caf(pool.error());
  return *pool;
}

caf::typed_response_promise<all_snapshots> manager::on_snapshots() {
  auto all = std::make_shared<gathering<all_snapshots>>();
  all->reply = make_response_promise<all_snapshots>();
  all->missing = pools_.size() + 1;
  all->result.pools.resize(pools_.size());
  std::size_t index = 0;
  for (auto& [name, pool] : pools_) {
    // A pool that does not answer is shown as what it is: down. What it counted
    // does not go back to zero.
    auto& slot = all->result.pools[index];
    slot = pool.known;
    slot.name = name;
    slot.backend = pool.config.backend;
    slot.required = pool.config.required;
    slot.status = pool_status::down;
    slot.reasons = {"the pool's actor does not answer"};
    ask(this, pool.address, caf::timespan{snapshot_limit}, get_snapshot{})
      .then(
        [this, all, index, who = pool.address](pool_snapshot& x) {
          remember(who, x);
          all->result.pools[index] = std::move(x);
          all->one_less();
        },
        [all](const caf::error&) { all->one_less(); });
    ++index;
  }
  auto reply = all->reply;
  all->one_less();
  return reply;
}

void manager::remember(const pool_handle& who, const pool_snapshot& x) {
  auto i = pools_.find(x.name);
  if (i != pools_.end() && i->second.address == who)
    i->second.known = x;
}

result<std::map<std::string, manager::planned_change>> manager::plan(
  const std::vector<pool_config>& pools) const {
  std::map<std::string, planned_change> result;
  std::vector<config_problem> problems;
  for (auto& config : pools) {
    auto prefix = "pools." + config.name + ".";
    auto way = registry_->make(config);
    auto found
      = way ? check_pool(config, *way, prefix) : validate(config, prefix);
    problems.insert(problems.end(), found.begin(), found.end());
    if (!way) {
      problems.push_back(
        {"pools." + config.name, config.backend, way.error().message, {}});
      continue;
    }
    if (!result.emplace(config.name, planned_change{config, *std::move(way)})
           .second)
      problems.push_back(
        {"pools." + config.name, config.name, "the name is used twice", {}});
  }
  if (!problems.empty())
    return config_error(problems);
  return result;
}

void manager::change(managed_pool& pool, planned_change next) {
  if (pool.config == next.config)
    return;
  auto same_server = pool.config.backend == next.config.backend
                     && pool.config.options == next.config.options
                     && pool.config.password == next.config.password;
  pool.config = next.config;
  auto order = reconfigure{next.config, nullptr, false};
  if (!same_server) {
    order.way = std::move(next.way);
    order.recycle = true;
  }
  post_to(pool.address, std::move(order));
}

void manager::remove_missing(
  const std::map<std::string, planned_change>& next) {
  std::erase_if(pools_, [&](auto& entry) {
    auto& pool = entry.second;
    if (next.contains(entry.first))
      return false;
    leaving_.emplace(pool.address.address(), pool.address);
    post_to(pool.address,
            control{control::verb::drain, pool.config.acquire_timeout});
    return true;
  });
}

caf::result<accepted> manager::on_apply(const apply_pools& x) {
  if (draining_)
    return to_caf({errc::draining, "the node drains", {}});
  auto next = plan(x.pools);
  if (!next)
    return to_caf(next.error());
  remove_missing(*next);
  for (auto& [name, planned] : *next) {
    if (auto i = pools_.find(name); i != pools_.end())
      change(i->second, std::move(planned));
    else if (auto added = add(planned.config, planned.way); !added)
      return to_caf(added.error());
  }
  return accepted{};
}

// -- the end ------------------------------------------------------------------

struct manager::farewell : gathering<accepted> {
  time_point deadline;
};

void manager::drain(const pool_handle& pool,
                    const std::shared_ptr<farewell>& all) {
  auto left = std::max<duration>(all->deadline - clock::now(), {});
  ask(this, pool, caf::infinite, control{control::verb::drain, left})
    .then([all](const accepted&) { all->one_less(); },
          [this, pool, all](const caf::error& why) {
            // Its actor died in the middle of it; the next one goes on.
            if (from_caf(why).code == errc::restarted && knows(pool))
              drain(pool, all);
            else
              all->one_less();
          });
}

caf::typed_response_promise<accepted> manager::on_drain(const drain_all& x) {
  draining_ = true;
  auto all = std::make_shared<farewell>();
  all->reply = make_response_promise<accepted>();
  all->missing = pools_.size() + leaving_.size() + 1;
  all->deadline = add_saturated(clock::now(), x.limit);
  for (auto& [name, pool] : pools_)
    drain(pool.address, all);
  for (auto& [addr, pool] : leaving_)
    drain(pool, all);
  auto reply = all->reply;
  all->one_less();
  return reply;
}

void manager::on_subscribe(const subscribe_all& x) {
  auto who = caf::actor_cast<caf::actor>(current_sender());
  if (!who)
    return;
  if (x.stop) {
    unwatch_actor(this, who);
    subscribers_.erase(who.address());
  } else if (subscribers_.emplace(who.address(), who).second) {
    watch_actor(this, who,
                [this](const caf::actor_addr& addr, const caf::error&) {
                  on_down(addr);
                });
  }
  for (auto& [name, pool] : pools_)
    send_to(this, pool.address, subscribe{x.stop, who});
}

manager_handle spawn_manager(caf::actor_system& sys,
                             std::shared_ptr<const backend_registry> registry) {
  return sys.spawn<manager>(std::move(registry));
}

} // namespace caf_pool
