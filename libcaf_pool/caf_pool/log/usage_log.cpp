#include "caf_pool/log/usage_log.hpp"

#include <string>
#include <utility>

namespace caf_pool {

namespace {

/// How long the pools may take to say how they are.
constexpr duration answer_limit = std::chrono::seconds{10};

class usage_log : public caf::event_based_actor {
public:
  usage_log(caf::actor_config& cfg, manager_handle manager,
            std::shared_ptr<logger> out, duration interval)
    : caf::event_based_actor(cfg),
      manager_(std::move(manager)),
      out_(std::move(out)),
      interval_(interval) {
    drop_unexpected(this);
  }

  caf::behavior make_behavior() override {
    wait();
    return {[this](caf::tick_atom) {
      look();
      wait();
    }};
  }

private:
  void wait() {
    send_later(this, caf::actor{this}, interval_, caf::tick_atom_v);
  }

  void look() {
    ask(this, manager_, caf::timespan{answer_limit}, get_all_snapshots{})
      .then(
        [this](const all_snapshots& found) {
          for (auto& pool : found.pools)
            write(pool);
        },
        [](const caf::error&) {
          // Whoever asks the pools themselves is told.
        });
  }

  void write(const pool_snapshot& x) {
    out_->write(severity::info, "pool_usage",
                {{"pool", x.name},
                 {"use", std::to_string(x.gauges.leased) + '/'
                           + std::to_string(x.max_size)},
                 {"open", std::to_string(x.gauges.total())},
                 {"peak", std::to_string(x.peak_leased)},
                 {"waiting", std::to_string(x.gauges.waiting)}});
  }

  manager_handle manager_;
  std::shared_ptr<logger> out_;
  duration interval_;
};

} // namespace

std::set<std::string> pools_without_metrics(const node_config& x) {
  auto result = std::set<std::string>{};
  for (auto& pool : x.pools)
    if (!pool.metrics)
      result.insert(pool.name);
  return result;
}

caf::actor spawn_usage_log(caf::actor_system& sys,
                           const manager_handle& manager,
                           std::shared_ptr<logger> out, duration interval) {
  return sys.spawn<usage_log>(manager, std::move(out), interval);
}

} // namespace caf_pool
