#include "caf_pool/backend/redis_cluster/redis_cluster.hpp"

#include "caf_pool/backend/option_reader.hpp"
#include "caf_pool/backend/redis/redis.hpp"
#include "caf_pool/backend/redis/redis_command_table.hpp"
#include "caf_pool/backend/redis/redis_options.hpp"
#include "caf_pool/backend/redis_cluster/cluster_options.hpp"
#include "caf_pool/backend/redis_cluster/cluster_route.hpp"

#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace caf_pool {

namespace {

using cluster::cluster_options;
using cluster::cluster_route;
using cluster::node_address;

class redis_cluster_backend final : public backend {
public:
  redis_cluster_backend(const pool_config& config, cluster_options options,
                        std::string described)
    : described_(std::move(described)) {
    auto make = [config](const node_address& node) {
      return make_redis(cluster::config_of_node(config, node));
    };
    auto how = cluster::split_options{};
    how.facts.keys_of = [](const redis_command& x) { return keys_of(x); };
    how.facts.is_read = [](const redis_command& x) { return is_read(x); };
    how.split = options.split;
    route_ = std::make_shared<cluster_route>(
      std::move(make), cluster::node_limits::from(config),
      std::move(options.seeds), std::move(how));
  }

  result<connection_ptr> open(time_point deadline) override {
    return open_unless({}, deadline);
  }

  result<connection_ptr> open_unless(std::stop_token called_off,
                                     time_point deadline) override {
    if (auto ok = route_->who.first(called_off, deadline); !ok)
      return ok.error();
    return connection_ptr{std::make_unique<redis_cluster_connection>(route_)};
  }

  result<void> reachable(time_point deadline) override {
    auto last = error{errc::open_failed, "no node of the cluster is known", {}};
    for (auto& node : route_->who.nodes_to_ask()) {
      auto server = route_->nodes.server(node);
      auto found = server ? (*server)->reachable(deadline)
                          : result<void>{server.error()};
      if (found)
        return found;
      last = found.error();
    }
    return last;
  }

  std::string_view kind() const noexcept override {
    return "redis";
  }

  std::string describe() const override {
    return described_;
  }

private:
  std::string described_;
  std::shared_ptr<cluster_route> route_;
};

std::string describe_cluster(const cluster_options& options,
                             const pool_config& config) {
  auto result = std::string{"redis cluster "};
  if (auto user = config.options.find("user"); user != config.options.end())
    result += user->second + '@';
  for (auto& x : options.seeds)
    result += (&x == options.seeds.data() ? "" : ",") + to_string(x);
  return result;
}

std::vector<config_problem> check_either(const pool_config& config) {
  std::vector<config_problem> result;
  if (!cluster::is_cluster(config)) {
    redis_options::from(config, result);
    return result;
  }
  auto options = cluster_options::from(config, result);
  if (options.seeds.empty())
    return result;
  redis_options::from(cluster::config_of_node(config, options.seeds.front()),
                      result);
  return result;
}

result<backend_ptr> make_either(const pool_config& config) {
  return cluster::is_cluster(config) ? make_redis_cluster(config)
                                     : make_redis(config);
}

} // namespace

result<backend_ptr> make_redis_cluster(const pool_config& config) {
  std::vector<config_problem> problems;
  option_reader{config, redis_option_table(), problems}.refuse_unknown("redis");
  auto options = cluster_options::from(config, problems);
  if (!problems.empty())
    return config_error(problems);
  // What is wrong for one node is wrong for all: TLS files, user, protocol.
  auto node
    = make_redis(cluster::config_of_node(config, options.seeds.front()));
  if (!node)
    return node;
  auto described = describe_cluster(options, config);
  return backend_ptr{std::make_shared<redis_cluster_backend>(
    config, std::move(options), std::move(described))};
}

backend_info redis_server_or_cluster_info() {
  auto info = redis_info();
  info.check = check_either;
  info.make = make_either;
  return info;
}

backend_spec<redis_cluster_connection> redis_cluster(std::string_view url) {
  auto config = cluster::parse_cluster_url(url);
  if (!config)
    return {{}, nullptr, config.error()};
  return make_spec<redis_cluster_connection>(*config,
                                             make_redis_cluster(*config));
}

} // namespace caf_pool
