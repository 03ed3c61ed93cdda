#include "caf_pool/actor/manager.hpp"

#include "caf_pool/actor/silent_pool.hpp"
#include "caf_pool/backend/pool_diff.hpp"

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
                 std::shared_ptr<const backend_registry> registry,
                 directory_version version)
  : manager_handle::base(cfg),
    registry_(std::move(registry)),
    version_(std::move(version)) {
  drop_unexpected(this);
}

// Whoever holds a handle of the ended manager, a clock for one, keeps none of
// its pools.
void manager::on_exit() {
  pools_.clear();
  leaving_.clear();
  subscribers_.clear();
}

manager::behavior_type manager::make_behavior() {
  return {
    [this](const find_pool& x) { return on_find(x); },
    [this](const revive_pool& x) { return on_revive(x); },
    [this](const list_pools&) {
      pool_list result;
      for (auto& [name, pool] : pools_)
        result.names.push_back(name);
      return result;
    },
    [this](const create_pool& x) { return on_create(x); },
    [this](const get_all_snapshots&) { return on_snapshots(); },
    [this](const get_pool_snapshot& x) { return on_snapshot(x); },
    [this](const apply_pools& x) { return on_apply(x); },
    [this](const drain_all& x) { return on_drain(x); },
    [this](const subscribe_all& x) { on_subscribe(x); },
  };
}

error manager::no_such_pool(const std::string& name) const {
  std::string names;
  for (auto& [known, pool] : pools_)
    names += (names.empty() ? "" : ", ") + known;
  return {errc::pool_not_found,
          "there is no pool \"" + name + "\"; there "
            + (names.empty() ? "are none" : "are: " + names),
          {}};
}

caf::result<pool_handle> manager::on_find(const find_pool& x) {
  auto i = pools_.find(x.name);
  if (i == pools_.end())
    return to_caf(no_such_pool(x.name));
  if (!i->second.address)
    return to_caf(pool_is_over(x.name, i->second.ended));
  return i->second.address;
}

caf::result<pool_handle> manager::on_revive(const revive_pool& x) {
  if (auto i = pools_.find(x.name); i != pools_.end() && !i->second.address) {
    if (draining_)
      return to_caf({errc::draining, "the node drains", {}});
    make_anew(i->second);
  }
  return on_find({x.name});
}

std::set<caf::actor> manager::subscribers() const {
  std::set<caf::actor> all;
  for (auto& [addr, subscriber] : subscribers_)
    all.insert(subscriber);
  return all;
}

result<pool_handle> manager::add(const pool_config& config,
                                 backend_ptr backend) {
  auto pool = spawn_pool(system(), config, backend, {}, subscribers());
  if (!pool)
    return pool.error();
  watch_actor(this, pool->address,
              [this](const caf::actor_addr& addr, const caf::error& why) {
                on_down(addr, why);
              });
  pools_.insert_or_assign(
    config.name, managed_pool{pool->address, config, std::move(backend)});
  ++*version_;
  return pool->address;
}

void manager::add_or_remember(const pool_config& config, backend_ptr backend) {
  auto made = add(config, backend);
  if (made)
    return;
  auto missing = managed_pool{};
  missing.config = config;
  missing.backend = std::move(backend);
  missing.ended = cannot_be_made(made.error());
  missing.status = pool_status::down;
  pools_.insert_or_assign(config.name, std::move(missing));
}

void manager::make_anew(const managed_pool& pool) {
  // The entry is replaced while this runs.
  add_or_remember(pool_config{pool.config}, backend_ptr{pool.backend});
}

void manager::on_down(const caf::actor_addr& who, const caf::error& why) {
  subscribers_.erase(who);
  leaving_.erase(who);
  for (auto& [name, pool] : pools_) {
    if (!pool.address || pool.address.address() != who)
      continue;
    ++*version_;
    pool.address = nullptr;
    pool.ended = end_of_pool(from_caf(why), draining_);
    pool.status = why && !draining_ ? pool_status::down : pool_status::closed;
    if (pool.status == pool_status::down)
      for (auto& [addr, subscriber] : subscribers_)
        post_to(subscriber,
                pool_event{event_kind::pool_down, name, {}, pool.ended});
    if (std::exchange(pool.again, false))
      bring_back(name, pool_handle{});
    return;
  }
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
  if (auto i = pools_.find(x.config.name);
      i != pools_.end() && i->second.address)
    return to_caf({errc::config_invalid,
                   "there is a pool \"" + x.config.name
                     + "\" already; change it by a reload, or choose another "
                       "name",
                   {}});
  auto backend = x.backend;
  if (backend == nullptr) {
    auto made = registry_->make(x.config);
    if (!made)
      return to_caf(made.error());
    backend = *std::move(made);
  }
  auto pool = add(x.config, std::move(backend));
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
    auto& slot = all->result.pools[index++];
    if (!pool.address) {
      slot = snapshot_of_end(pool.config, pool.known, pool.status, pool.ended);
      all->one_less();
      continue;
    }
    slot = snapshot_of_silence(pool.config, pool.known);
    ask(this, pool.address, caf::timespan{snapshot_limit}, get_snapshot{})
      .then(
        [this, all, &slot, who = pool.address](pool_snapshot& x) {
          remember(who, x);
          slot = std::move(x); // `all` owns it
          all->one_less();
        },
        [all](const caf::error&) { all->one_less(); });
  }
  auto reply = all->reply;
  all->one_less();
  return reply;
}

caf::result<pool_snapshot> manager::on_snapshot(const get_pool_snapshot& x) {
  auto i = pools_.find(x.name);
  if (i == pools_.end())
    return to_caf(no_such_pool(x.name));
  auto& pool = i->second;
  if (pool.address)
    return delegate(pool.address, get_snapshot{});
  return snapshot_of_end(pool.config, pool.known, pool.status, pool.ended);
}

void manager::remember(const pool_handle& who, const pool_snapshot& x) {
  auto i = pools_.find(x.name);
  if (i != pools_.end() && i->second.address == who)
    i->second.known = x;
}

// Obeys what the table of settings says: see settings/setting_effect.hpp.
void manager::change(managed_pool& pool, planned_pool next) {
  auto name = next.config.name;
  auto changes = diff_pools(pool.config, next.config, *registry_);
  auto effect = strongest_effect(changes);
  if (effect == change_effect::replace) {
    take_out(pool);
    add_or_remember(next.config, std::move(next.backend));
    return;
  }
  pool.config = next.config;
  auto order = reconfigure{next.config, nullptr, false};
  if (effect == change_effect::recycle) {
    pool.backend = next.backend;
    order.backend = std::move(next.backend);
    order.recycle = true;
  }
  if (!changes.empty())
    tell(name, order);
  else
    look_for_drain(name);
}

void manager::tell(const std::string& name, const reconfigure& order) {
  auto pool = pools_[name].address;
  ask(this, pool, caf::infinite, order)
    .then([](const accepted&) {},
          [this, name, pool, order](const caf::error& why) {
            auto code = from_caf(why).code;
            if (code == errc::restarted && is_at(name, pool))
              tell(name, order); // its actor died; the next one hears
            else if (code == errc::draining || !is_at(name, pool))
              bring_back(name, pool);
          });
}

void manager::look_for_drain(const std::string& name) {
  auto pool = pools_[name].address;
  ask(this, pool, caf::infinite, get_snapshot{})
    .then(
      [this, name, pool](const pool_snapshot& x) {
        if (x.status == pool_status::draining
            || x.status == pool_status::closed)
          bring_back(name, pool);
      },
      [this, name, pool](const caf::error& why) {
        if (!is_at(name, pool))
          bring_back(name, pool);
        else if (from_caf(why).code == errc::restarted)
          look_for_drain(name);
      });
}

void manager::bring_back(const std::string& name, const pool_handle& asked) {
  auto i = pools_.find(name);
  if (i == pools_.end() || draining_)
    return;
  auto& pool = i->second;
  if (!pool.address)
    make_anew(pool);
  else if (pool.address == asked)
    pool.again = true;
}

bool manager::is_at(const std::string& name, const pool_handle& pool) const {
  auto i = pools_.find(name);
  return i != pools_.end() && i->second.address == pool;
}

void manager::take_out(const managed_pool& pool) {
  if (!pool.address)
    return;
  leaving_.emplace(pool.address.address(), pool.address);
  post_to(pool.address,
          control{control::verb::drain, pool.config.acquire_timeout});
}

void manager::remove_missing(const pool_plan& next) {
  std::erase_if(pools_, [&](auto& entry) {
    if (next.contains(entry.first))
      return false;
    take_out(entry.second);
    ++*version_;
    return true;
  });
}

caf::result<accepted> manager::on_apply(const apply_pools& x) {
  if (draining_)
    return to_caf({errc::draining, "the node drains", {}});
  std::map<std::string, backend_ptr> present;
  for (auto& [name, pool] : pools_)
    present.emplace(name, pool.backend);
  auto next = plan_pools(x.pools, present, *registry_);
  if (!next)
    return to_caf(next.error());
  remove_missing(*next);
  for (auto& [name, planned] : *next) {
    auto i = pools_.find(name);
    if (i != pools_.end() && i->second.address)
      change(i->second, std::move(planned));
    else
      add_or_remember(planned.config, std::move(planned.backend));
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
  all->missing = leaving_.size() + 1;
  all->deadline = add_saturated(clock::now(), x.limit);
  for (auto& [name, pool] : pools_)
    if (pool.address) {
      ++all->missing;
      drain(pool.address, all);
    }
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
                [this](const caf::actor_addr& addr, const caf::error& why) {
                  on_down(addr, why);
                });
  }
  for (auto& [name, pool] : pools_)
    if (pool.address)
      send_to(this, pool.address, subscribe{x.stop, who});
}

manager_handle spawn_manager(caf::actor_system& sys,
                             std::shared_ptr<const backend_registry> registry,
                             directory_version version) {
  return sys.spawn<manager>(std::move(registry), std::move(version));
}

} // namespace caf_pool
