#include "caf_pool/node/start_check.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace caf_pool {

namespace {

constexpr duration longest_wait = std::chrono::seconds{5};

/// How much later than the pool's own answer the check ends without one.
constexpr duration answer_margin = std::chrono::seconds{5};

class start_check : public caf::event_based_actor {
public:
  start_check(caf::actor_config& cfg, manager_handle manager,
              std::vector<pool_config> pools, std::shared_ptr<logger> log)
    : caf::event_based_actor(cfg),
      manager_(std::move(manager)),
      pools_(std::move(pools)),
      log_(std::move(log)) {
    drop_unexpected(this);
  }

  caf::behavior make_behavior() override {
    for (auto& pool : pools_)
      if (pool.warm_up == warm_up_policy::none)
        find(pool);
    // Requests keep it alive; afterwards it ends for want of a behavior.
    return {};
  }

private:
  void find(const pool_config& pool) {
    auto wait = std::min(pool.acquire_timeout, longest_wait);
    ask(this, manager_, caf::timespan{answer_margin}, find_pool{pool.name})
      .then([this, wait, name = pool.name](
              const pool_handle& x) { try_out(name, x, wait); },
            [this, name = pool.name](const caf::error& why) {
              complain(name, from_caf(why));
            });
  }

  void try_out(const std::string& name, const pool_handle& pool,
               duration wait) {
    auto how = acquire_options{};
    how.wait = wait;
    how.label = "start check";
    ask(this, pool, caf::timespan{wait + answer_margin},
        acquire{how.starting(clock::now())})
      .then(
        [this, pool](const lease_grant& x) {
          send_to(this, pool, release{x.lease, {}});
        },
        [this, name](const caf::error& why) { complain(name, from_caf(why)); });
  }

  void complain(const std::string& name, const error& why) {
    // A node that ends, or an operator who was faster, is no trouble.
    if (why.code == errc::draining || why.code == errc::closed
        || why.code == errc::paused || why.code == errc::pool_not_found)
      return;
    log_->write(severity::warning, "server_unreachable",
                {{"pool", name}, {"text", to_string(why)}});
  }

  manager_handle manager_;
  std::vector<pool_config> pools_;
  std::shared_ptr<logger> log_;
};

} // namespace

caf::actor spawn_start_check(caf::actor_system& sys,
                             const manager_handle& manager,
                             const std::vector<pool_config>& pools,
                             std::shared_ptr<logger> log) {
  return sys.spawn<start_check>(manager, pools, std::move(log));
}

std::string cold_pools(const std::vector<pool_config>& pools,
                       const std::vector<pool_snapshot>& seen) {
  auto warm = std::set<std::string>{};
  for (auto& x : seen)
    if (x.max_size > 0 && x.gauges.idle + x.gauges.leased >= x.min_size)
      warm.insert(x.name);
  auto result = std::string{};
  for (auto& pool : pools)
    if (pool.warm_up == warm_up_policy::to_min && !warm.contains(pool.name))
      result += (result.empty() ? "" : ", ") + pool.name;
  return result;
}

} // namespace caf_pool
