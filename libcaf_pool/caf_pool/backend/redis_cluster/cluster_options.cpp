#include "caf_pool/backend/redis_cluster/cluster_options.hpp"

#include "caf_pool/backend/option_reader.hpp"
#include "caf_pool/backend/redis/redis_options.hpp"
#include "caf_pool/backend/redis/redis_url.hpp"

#include <utility>

namespace caf_pool::cluster {

namespace {

std::string_view trimmed(std::string_view x) {
  auto begin = x.find_first_not_of(" \t");
  if (begin == x.npos)
    return {};
  return x.substr(begin, x.find_last_not_of(" \t") - begin + 1);
}

/// Adds the port that nodes have if none is said.
std::string with_port(std::string_view host) {
  auto after = host.rfind(']');
  auto colon = host.find(':', after == host.npos ? 0 : after);
  auto result = std::string{host};
  return colon == host.npos ? result + ":6379" : result;
}

std::vector<std::string_view> parts_of(std::string_view list) {
  std::vector<std::string_view> result;
  while (!list.empty()) {
    auto part = list.substr(0, list.find(','));
    list.remove_prefix(std::min(part.size() + 1, list.size()));
    result.push_back(trimmed(part));
  }
  return result;
}

void read_seeds(option_reader& in, const pool_config& config,
                cluster_options& out) {
  auto list = in.text("endpoints");
  if (list.empty()) {
    out.seeds.push_back(
      {in.text("host"), in.number<std::uint16_t>("port", 1, 65535)});
    return;
  }
  if (config.options.count("host") != 0 || config.options.count("port") != 0)
    in.refuse("endpoints", "host and port name a node, too; keep one of them");
  for (auto& part : parts_of(list)) {
    auto node = address_from_node(with_port(part), {});
    if (part.empty() || !node)
      in.refuse("endpoints", "must be a list such as \"h1:7000, h2:7001\"");
    else
      out.seeds.push_back(*std::move(node));
  }
}

} // namespace

bool is_cluster(const pool_config& config) {
  std::vector<config_problem> ignored;
  return option_reader{config, redis_option_table(), ignored}.flag("cluster");
}

cluster_options cluster_options::from(const pool_config& config,
                                      std::vector<config_problem>& problems) {
  auto result = cluster_options{};
  option_reader in{config, redis_option_table(), problems};
  result.split = in.flag("cluster_split");
  if (config.options.count("path") != 0)
    in.refuse("path", "a cluster is reached by addresses only");
  if (in.number<std::uint32_t>("database", 0, 1'000'000) != 0)
    in.refuse("database", "a cluster has database 0 only");
  read_seeds(in, config, result);
  return result;
}

pool_config config_of_node(const pool_config& config,
                           const node_address& node) {
  auto result = config;
  for (auto* key : {"cluster", "cluster_split", "endpoints", "path"})
    result.options.erase(key);
  result.options["host"] = node.host;
  result.options["port"] = std::to_string(node.port);
  return result;
}

result<pool_config> parse_cluster_url(std::string_view text) {
  // The first host stays, for the reader of URLs, and the list is an option.
  auto begin = text.find("://");
  auto whole = std::string{text};
  auto hosts = std::string{};
  if (begin != text.npos) {
    begin += 3;
    auto end = std::min(text.find_first_of("/?#", begin), text.size());
    auto at = text.substr(0, end).rfind('@');
    if (at != text.npos && at >= begin)
      begin = at + 1;
    hosts = std::string{text.substr(begin, end - begin)};
    auto first = hosts.substr(0, hosts.find(','));
    whole = std::string{text.substr(0, begin)} + first
            + std::string{text.substr(end)};
  }
  auto config = parse_redis_url(whole);
  if (!config)
    return config;
  if (!hosts.empty()) {
    config->options.erase("host");
    config->options.erase("port");
    config->options["endpoints"] = hosts;
  }
  config->options["cluster"] = "true";
  return config;
}

} // namespace caf_pool::cluster
