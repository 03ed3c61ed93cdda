#pragma once

#include "actor/bench.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace caf_pool::test {

/// Makes a server for each way that somebody asks for, by the option "server".
class registry_bench {
public:
  registry_bench() {
    auto registry = std::make_shared<backend_registry>();
    for (auto* kind : {"scripted", "other"}) {
      backend_info info;
      info.name = kind;
      info.options = {{"server", "", "Which one."}};
      info.make = [this](const pool_config& x) -> result<backend_ptr> {
        return make(x);
      };
      info.reads = {"max_result_bytes"};
      registry->add(std::move(info));
    }
    registry_ = registry;
  }

  std::shared_ptr<scripted_backend> server(const std::string& name) {
    auto guard = std::lock_guard{mutex_};
    auto& result = servers_[name];
    if (result == nullptr)
      result = std::make_shared<scripted_backend>();
    return result;
  }

  manager_handle spawn(caf::actor_system& sys) {
    return spawn_manager(sys, registry_);
  }

  /// Of a server with this name such a way is made from now on.
  void put(const std::string& name, backend_ptr backend) {
    auto guard = std::lock_guard{mutex_};
    ways_[name] = std::move(backend);
  }

private:
  backend_ptr make(const pool_config& x) {
    auto& name = x.options.at("server");
    {
      auto guard = std::lock_guard{mutex_};
      if (auto i = ways_.find(name); i != ways_.end())
        return i->second;
    }
    return server(name);
  }

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<scripted_backend>> servers_;
  std::map<std::string, backend_ptr> ways_;
  std::shared_ptr<const backend_registry> registry_;
};

inline pool_config named(const std::string& name, const std::string& server) {
  auto config = quiet_pool(2);
  config.name = name;
  config.backend = "scripted";
  config.options["server"] = server;
  config.sweep_interval = 20ms; // retires what a reload made outdated
  return config;
}

/// A manager whose pools end with the test.
struct manager_bench {
  actor_world world;
  registry_bench servers;
  manager_handle all = servers.spawn(world.sys);
  client me{world.sys};

  ~manager_bench() {
    CHECK(me.get<accepted>(all, drain_all{0s}).has_value());
    me.die();
    caf::anon_send_exit(all, caf::exit_reason::user_shutdown);
  }

  pool_handle find(const std::string& name) {
    return me.get<pool_handle>(all, find_pool{name}).value();
  }

  result<outcome> run(const std::string& name) {
    return me.get<outcome>(find(name), execute{{"SELECT 1"}});
  }

  std::vector<std::string> names() {
    return me.get<pool_list>(all, list_pools{})->names;
  }

  result<accepted> apply(std::vector<pool_config> pools) {
    return me.get<accepted>(all, apply_pools{std::move(pools)});
  }

  /// As the manager shows it, also if it is over.
  pool_snapshot snapshot(const std::string& name) {
    return me.get<pool_snapshot>(all, get_pool_snapshot{name}).value();
  }

  error find_error(const std::string& name) {
    auto found = me.get<pool_handle>(all, find_pool{name});
    return found ? error{} : found.error();
  }

  /// Drains a pool at once and waits until the manager knows.
  void drain(const std::string& name) {
    REQUIRE(me.get<accepted>(find(name), control{control::verb::drain, 0s}));
    REQUIRE(eventually([&] { return find_error(name).code == errc::closed; }));
  }
};

} // namespace caf_pool::test
