#include "caf_pool/node/node.hpp"

#include "caf_pool/actor/manager.hpp"
#include "caf_pool/admin/actor_source.hpp"
#include "caf_pool/admin/http/server.hpp"
#include "caf_pool/admin/json/json.hpp"
#include "caf_pool/config/reload.hpp"
#include "caf_pool/config/state_folder.hpp"
#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/core/version.hpp"
#include "caf_pool/gate/descriptors.hpp"
#include "caf_pool/gate/remote_gate.hpp"
#include "caf_pool/log/event_log.hpp"
#include "caf_pool/log/logger.hpp"
#include "caf_pool/log/usage_log.hpp"
#include "caf_pool/net/tcp_probe.hpp"
#include "caf_pool/node/capacity_check.hpp"
#include "caf_pool/node/service_manager.hpp"
#include "caf_pool/node/signal_watch.hpp"
#include "caf_pool/node/start_check.hpp"
#include "caf_pool/remote/setup.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

namespace caf_pool {

namespace {

/// How long the manager may take for a question that needs no server.
constexpr duration manager_limit = std::chrono::seconds{5};

/// How long statements may take to be cancelled when the node ends at once.
constexpr duration last_limit = std::chrono::seconds{2};

/// How long everything may take to end once the pools are drained: longer only
/// for workers that never come back.
constexpr duration end_limit = std::chrono::seconds{10};

struct system_config : caf::actor_system_config {
  explicit system_config(const node_config& x) {
    configure_pools(*this, x.scheduler_threads);
    if (x.remote.enabled)
      configure_gate(*this, {x.remote.heartbeat, x.remote.lease_ttl});
  }
};

} // namespace

struct node::impl {
  loaded_config config;
  config_source source;
  std::shared_ptr<const backend_registry> registry;
  time_point started = clock::now();
  std::shared_ptr<logger> log;
  std::mutex reach; // guards `reachable`: whether `sys` can be asked
  bool reachable = false;
  signal_watch signals{[this] { end_at_once(); }, [this] { end_by_force(); }};
  system_config cfg;
  caf::actor_system sys;
  directory_version directory
    = std::make_shared<directory_version::element_type>(0);
  manager_handle manager;
  caf::actor events;
  caf::actor start_check;
  caf::actor capacity_check;
  caf::actor usage;
  std::optional<published_gate> gate;
  std::unique_ptr<admin_server> admin;
  std::atomic<node_phase> phase{node_phase::starting};
  /// What came before `serve`.
  node_signal early = node_signal::none;
  std::mutex mutex; // guards what the admin server's thread reads, below
  std::string config_document;
  std::string remote_address;
  std::set<std::string> without_metrics;
  std::optional<reload_outcome> last_reload;
  time_point reloaded_at{};

  impl(loaded_config x, config_source from, backend_registry known)
    : config(std::move(x)),
      source(std::move(from)),
      registry(std::make_shared<backend_registry>(std::move(known))),
      log(std::make_shared<logger>(config.node.log)),
      cfg(config.node),
      sys(cfg),
      manager(spawn_manager(sys, registry, directory)),
      events(spawn_event_log(sys, manager, log)),
      config_document(render(config_json(config.node, registry->families()))),
      without_metrics(pools_without_metrics(config.node)) {
    auto guard = std::lock_guard{reach};
    reachable = true;
  }

  ~impl() {
    {
      auto guard = std::lock_guard{reach};
      reachable = false;
    }
    signals.limit_end(end_limit);
    admin.reset();
    if (gate)
      gate->stop("the node ends");
    gate.reset();
    caf::anon_send_exit(events, caf::exit_reason::user_shutdown);
    for (auto& helper : {start_check, capacity_check, usage})
      if (helper)
        caf::anon_send_exit(helper, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(manager, caf::exit_reason::user_shutdown);
  }

  template <class Answer, class... Ts>
  result<Answer> ask_manager(duration limit, Ts&&... xs) {
    auto self = caf::scoped_actor{sys};
    auto answer = result<Answer>{error{errc::internal, "no answer", {}}};
    ask(self.ptr(), manager, caf::timespan{limit}, std::forward<Ts>(xs)...)
      .receive([&](Answer& x) { answer = std::move(x); },
               [&](const caf::error& x) { answer = from_caf(x); });
    return answer;
  }

  result<void> start_edges();
  result<void> start_pools();
  void warm_up();
  node_signal next_signal(duration limit);
  admin_source source_for_admin();
  result<std::string> reload();
  void note_reload(bool ok, std::string text);
  void end_at_once();
  void end_by_force();
};

/// Leaves no statement running at a server.
void node::impl::end_at_once() {
  auto guard = std::lock_guard{reach};
  if (reachable)
    (void) ask_manager<accepted>(last_limit, drain_all{duration::zero()});
  log->write(severity::warning, "ended_at_once",
             {{"text",
               "told to stop a second time: running statements were cancelled, "
               "nothing is waited for"}});
  log->flush();
}

void node::impl::end_by_force() {
  log->write(severity::error, "ended_by_force",
             {{"limit", to_text(end_limit)},
              {"text",
               "not everything ended in time, probably because a backend does "
               "not come back from a call; the process ends all the same"}});
  log->flush();
}

/// Comes before the pools: a node that cannot listen ends at once, although a
/// server may keep a pool waiting.
result<void> node::impl::start_edges() {
  auto& x = config.node;
  if (auto made = make_state_folder(x); !made)
    return made.error();
  for (auto& warning : config.warnings)
    log->write(severity::warning, "config", {{"text", to_string(warning)}});
  auto shares = descriptors::divide_among(x, *log);
  if (x.admin.enabled) {
    auto limits = admin_limits{};
    limits.max_connections = shares.admin;
    limits.look_interval = x.admin.metrics_interval;
    auto server = admin_server::start(x.admin, source_for_admin(), limits);
    if (!server)
      return server.error();
    admin = *std::move(server);
  }
  if (x.remote.enabled) {
    auto options = gate_options{};
    options.remote = x.remote;
    options.remote.max_connections = shares.remote;
    options.node_name = x.name;
    options.log = log;
    options.version = directory;
    auto opened = publish_gate(sys, manager, std::move(options));
    if (!opened)
      return opened.error();
    gate.emplace(*std::move(opened));
    auto guard = std::lock_guard{mutex};
    auto& host = x.remote.address;
    remote_address = to_string(
      tcp_address{host == "localhost" ? "127.0.0.1" : host, gate->port()});
  }
  return {};
}

result<void> node::impl::start_pools() {
  auto answer
    = ask_manager<accepted>(manager_limit, apply_pools{config.node.pools});
  if (!answer)
    return answer.error();
  start_check = spawn_start_check(sys, manager, config.node.pools, log);
  capacity_check
    = spawn_capacity_check(sys, manager, loads_of(config.node.pools), log);
  usage = spawn_usage_log(sys, manager, log);
  // Who was let in earlier would be told that there is no such pool.
  if (gate)
    gate->let_in();
  return {};
}

admin_source node::impl::source_for_admin() {
  auto own = admin_node_source{};
  own.name = config.node.name;
  own.version = version();
  own.families = registry->families();
  own.facts = [this] {
    auto facts = node_facts{};
    facts.phase = phase.load();
    facts.uptime = clock::now() - started;
    auto guard = std::lock_guard{mutex};
    facts.last_reload = last_reload;
    if (facts.last_reload)
      facts.last_reload->age = clock::now() - reloaded_at;
    facts.remote = remote_address;
    facts.without_metrics = without_metrics;
    return facts;
  };
  own.config = [this] {
    auto guard = std::lock_guard{mutex};
    return config_document;
  };
  return admin_source_from(sys, manager, std::move(own));
}

/// Waits for the pools that are told to warm up; starts degraded at the limit.
void node::impl::warm_up() {
  auto limit = std::optional<duration>{};
  for (auto& pool : config.node.pools)
    if (pool.warm_up == warm_up_policy::to_min)
      limit
        = std::max(limit.value_or(pool.warm_up_timeout), pool.warm_up_timeout);
  if (!limit)
    return;
  auto deadline = clock::now() + *limit;
  for (;;) {
    auto all = ask_manager<all_snapshots>(manager_limit, get_all_snapshots{});
    auto missing
      = cold_pools(config.node.pools, all.value_or(all_snapshots{}).pools);
    if (missing.empty())
      return;
    auto heard = signals.next(std::chrono::milliseconds{20});
    if (heard != node_signal::none)
      early = heard;
    if (heard == node_signal::stop)
      return;
    if (clock::now() < deadline)
      continue;
    log->write(severity::warning, "start_degraded",
               {{"pools", missing},
                {"text",
                 "not warm within warm_up_timeout; callers wait or "
                 "are told why"}});
    return;
  }
}

node_signal node::impl::next_signal(duration limit) {
  auto first = std::exchange(early, node_signal::none);
  return first == node_signal::none ? signals.next(limit) : first;
}

void node::impl::note_reload(bool ok, std::string text) {
  auto guard = std::lock_guard{mutex};
  last_reload = reload_outcome{ok, std::move(text), duration::zero()};
  reloaded_at = clock::now();
  if (!ok)
    return;
  config_document = render(config_json(config.node, registry->families()));
  without_metrics = pools_without_metrics(config.node);
}

node::node(std::unique_ptr<impl> x) : impl_(std::move(x)) {
  // nop
}

node::~node() {
  // nop
}

result<std::unique_ptr<node>> node::start(loaded_config config,
                                          config_source source,
                                          backend_registry registry) {
  block_signals();
  descriptors::raise_limit();
  auto x = std::make_unique<impl>(std::move(config), std::move(source),
                                  std::move(registry));
  if (auto ok = x->start_edges(); !ok)
    return ok.error();
  if (auto ok = x->start_pools(); !ok)
    return ok.error();
  x->warm_up();
  x->phase = x->early == node_signal::stop ? node_phase::draining
                                           : node_phase::serving;
  return std::unique_ptr<node>{new node(std::move(x))};
}

bool node::ends() const noexcept {
  return impl_->early == node_signal::stop;
}

std::uint16_t node::remote_port() const noexcept {
  return impl_->gate ? impl_->gate->port() : 0;
}

std::uint16_t node::admin_port() const noexcept {
  return impl_->admin != nullptr ? impl_->admin->port() : 0;
}

std::string node::readiness_line() const {
  auto& x = impl_->config.node;
  auto port = [](const std::string& address, std::uint16_t number) {
    return number == 0 ? "off" : to_string(tcp_address{address, number});
  };
  return "ready name=" + x.name + " profile=" + x.profile
         + " pools=" + std::to_string(x.pools.size())
         + " remote=" + port(x.remote.address, remote_port())
         + " admin=" + port(x.admin.address, admin_port());
}

/// Everything that can fail comes before anything is changed.
result<std::string> node::impl::reload() {
  auto next = load(source, *registry);
  if (!next)
    return next.error();
  auto plan = plan_reload(config.node, next->node, *registry);
  if (!plan)
    return plan.error();
  auto tokens = result<token_table>{token_table{}};
  if (gate)
    tokens = gate->read_tokens();
  if (!tokens)
    return tokens.error();
  auto applied
    = ask_manager<accepted>(manager_limit, apply_pools{plan->in_force.pools});
  if (!applied)
    return applied.error();
  if (gate)
    gate->use_tokens(*std::move(tokens));
  for (auto& change : plan->changes.sealed())
    log->write(severity::warning, "needs_restart",
               {{"key", change.key}, {"value", change.to}});
  for (auto& warning : next->warnings)
    log->write(severity::warning, "config", {{"text", to_string(warning)}});
  config = *std::move(next);
  config.node = std::move(plan->in_force);
  log->configure(config.node.log);
  return plan->summary();
}

result<void> node::reload() {
  auto& x = *impl_;
  auto outcome = x.reload();
  auto ok = outcome.has_value();
  auto text = ok ? *outcome : outcome.error().message;
  x.note_reload(ok, text);
  x.log->write(ok ? severity::info : severity::error,
               ok ? "reloaded" : "reload_refused", {{"text", text}});
  if (!ok)
    return outcome.error();
  return {};
}

bool node::drain(duration limit) {
  auto& x = *impl_;
  x.phase = node_phase::draining;
  auto started = clock::now();
  x.log->write(severity::info, "draining", {{"limit", to_text(limit)}});
  auto answer
    = x.ask_manager<accepted>(limit + manager_limit, drain_all{limit});
  auto in_time = answer.has_value() && clock::now() - started <= limit;
  x.log->write(in_time ? severity::info : severity::warning, "drained",
               {{"took", to_rough_text(clock::now() - started)}});
  return in_time;
}

int node::serve() {
  auto& x = *impl_;
  auto watchdog = service_manager::watchdog_interval();
  auto rhythm = watchdog.value_or(std::chrono::hours{1});
  if (!ends())
    service_manager::ready(readiness_line());
  for (;;) {
    switch (x.next_signal(rhythm)) {
      case node_signal::none:
        // A round trip through the scheduler, not only a timer's.
        if (watchdog && x.ask_manager<pool_list>(manager_limit, list_pools{}))
          service_manager::alive();
        break;
      case node_signal::reload:
        service_manager::reloading();
        (void) reload();
        service_manager::ready(readiness_line());
        break;
      case node_signal::stop:
        service_manager::stopping();
        return drain(x.config.node.drain_timeout) ? EXIT_SUCCESS : EXIT_FAILURE;
    }
  }
}

} // namespace caf_pool
