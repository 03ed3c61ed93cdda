#include "caf_pool/admin/json/json.hpp"
#include "caf_pool/settings/settings.hpp"

#include "support/catch_compat.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <utility>

using namespace caf_pool;

namespace {

const backend_families families
  = {{"postgres", "database"}, {"redis_cluster", "redis"}};

const std::string canary = "S3cr3tCanary_%";

node_config sample_config() {
  node_config x;
  x.name = "node-7";
  x.profile = "staging";
  pool_config main;
  main.name = "main";
  main.backend = "postgres";
  main.max_size = 50;
  main.options = {{"host", "db1"}, {"port", "5433"}};
  main.password = secret{canary};
  pool_config cache;
  cache.name = "cache";
  cache.backend = "redis_cluster";
  x.pools = {std::move(main), std::move(cache)};
  return x;
}

} // namespace

TEST_CASE("the configuration is grouped as the statistics are") {
  auto doc = config_json(sample_config(), families);
  CHECK(doc["database_pools"].contains("main"));
  CHECK(doc["redis_pools"].contains("cache"));
  CHECK(doc["profile"] == "staging");
  CHECK(doc["node"]["name"] == "node-7");
  CHECK(doc["admin"]["port"] == 4780);
}

TEST_CASE("settings have the form of configuration files") {
  auto main = config_json(sample_config(), families)["database_pools"]["main"];
  CHECK(main["backend"] == "postgres");
  CHECK(main["max_size"] == 50);
  CHECK(main["acquire_timeout"] == "30s");
  CHECK(main["validate_on_acquire"] == true);
  CHECK(main["order"] == "lifo");
  CHECK(main["retry"]["factor"] == 2.0);
  CHECK(main["breaker"]["open_time"] == "5s");
  CHECK(main["options"]["host"] == "db1");
}

TEST_CASE("the configuration shows every setting of a pool and of the node") {
  auto config = sample_config();
  auto doc = config_json(config, families);
  auto shown = [](const json_document& at, std::string key) {
    for (auto& c : key)
      if (c == '.')
        c = '/';
    return at.contains(json_document::json_pointer{'/' + key});
  };
  for_each_setting(config.pools[0], [&](const auto& x, const auto&) {
    CHECK(shown(doc["database_pools"]["main"], std::string{x.key}));
  });
  for_each_node_setting(config, [&](const auto& x, const auto&) {
    CHECK(shown(doc, std::string{x.key}));
  });
}

TEST_CASE("the configuration masks passwords", "[X02][trap-T71]") {
  auto config = sample_config();
  auto doc = config_json(config, families);
  CHECK(doc["database_pools"]["main"]["password"] == "***");
  CHECK_FALSE(doc["redis_pools"]["cache"].contains("password"));
  CHECK(render(doc).find(canary) == std::string::npos);
}
