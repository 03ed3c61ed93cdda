#include "caf_pool/backend/redis_cluster/cluster_options.hpp"

#include "caf_pool/backend/redis/redis.hpp"
#include "caf_pool/backend/redis_cluster/redis_cluster.hpp"

#include "support/catch_compat.hpp"

#include <string>
#include <vector>

using namespace caf_pool;

namespace {

std::string seeds_of(const pool_config& config) {
  std::vector<config_problem> problems;
  auto options = cluster::cluster_options::from(config, problems);
  std::string result;
  for (auto& x : options.seeds)
    result += to_string(x) + ' ';
  for (auto& x : problems)
    result += to_string(x) + '\n';
  return result;
}

std::string why(const result<backend_ptr>& x) {
  return x ? std::string{} : to_string(x.error());
}

pool_config config_of(std::map<std::string, std::string> options) {
  auto result = pool_config{};
  result.backend = "redis";
  result.options = std::move(options);
  return result;
}

} // namespace

TEST_CASE("the URL of a cluster names several nodes") {
  auto config
    = cluster::parse_cluster_url("rediss://u:p%40@h1:7000,h2,[::1]:7002?db=0");
  REQUIRE(config);
  CHECK(config->options.at("endpoints") == "h1:7000,h2,[::1]:7002");
  CHECK(config->options.at("tls") == "true");
  CHECK(config->options.at("user") == "u");
  CHECK(config->options.at("cluster") == "true");
  CHECK(config->options.count("host") == 0);
  CHECK(config->options.count("port") == 0);
  CHECK(seeds_of(*config) == "h1:7000 h2:6379 [::1]:7002 ");
  CHECK_FALSE(cluster::parse_cluster_url("unix:/x"));
  CHECK_FALSE(cluster::parse_cluster_url("h1,h2"));
}

TEST_CASE("a cluster begins with its endpoints, or with host and port") {
  CHECK(seeds_of(config_of({{"cluster", "true"}})) == "localhost:6379 ");
  CHECK(seeds_of(config_of({{"cluster", "true"}, {"host", "a"}})) == "a:6379 ");
  CHECK(seeds_of(config_of({{"endpoints", "a:1 , b:2"}})) == "a:1 b:2 ");
}

TEST_CASE("options that suit no cluster are refused") {
  auto made = [](std::map<std::string, std::string> options) {
    options["cluster"] = "true";
    return why(redis_server_or_cluster_info().make(config_of(options)));
  };
  CHECK(made({{"endpoints", "a:1"}}).empty());
  CHECK(made({{"endpoints", "a:1"}, {"host", "b"}}).find("keep one")
        != std::string::npos);
  CHECK(made({{"endpoints", "a:x"}}).find("endpoints") != std::string::npos);
  CHECK(made({{"database", "1"}}).find("database 0") != std::string::npos);
  CHECK(made({{"path", "/x"}}).find("addresses") != std::string::npos);
  CHECK(made({{"protocol", "9"}}).find("protocol") != std::string::npos);
  auto found = redis_server_or_cluster_info().check(
    config_of({{"cluster", "true"}, {"database", "2"}}));
  REQUIRE(found.size() == 1);
  CHECK(found.front().key == "database");
}

TEST_CASE("options of a cluster are refused without one") {
  CHECK(
    why(make_redis(config_of({{"cluster", "true"}}))).find("redis_cluster(url)")
    != std::string::npos);
  CHECK(
    why(make_redis(config_of({{"endpoints", "a:1"}}))).find("cluster = true")
    != std::string::npos);
}
