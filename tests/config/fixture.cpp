#include "fixture.hpp"

#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <stdlib.h>

namespace caf_pool::test {

namespace fs = std::filesystem;

temp_folder::temp_folder() {
  auto name = (fs::temp_directory_path() / "caf_pool_config_XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::runtime_error("no temporary folder can be made");
  path_ = name;
}

temp_folder::~temp_folder() {
  std::error_code ec;
  fs::remove_all(path_, ec);
}

fs::path temp_folder::write(const std::string& name, std::string_view text,
                            unsigned mode) const {
  auto path = path_ / name;
  fs::create_directories(path.parent_path());
  std::ofstream{path, std::ios::binary} << text;
  fs::permissions(path, static_cast<fs::perms>(mode));
  return path;
}

backend_registry test_registry() {
  backend_registry registry;
  backend_info lenient;
  lenient.name = "sqlite";
  lenient.options = {{"path", ":memory:", "Any path, with any size."}};
  registry.add(std::move(lenient));
  backend_info fake;
  fake.name = "fake";
  fake.options = {{"host", "localhost", "Where the server is."},
                  {"port", "7", "Its port."},
                  {"label", "", "Anything."}};
  fake.check = [](const pool_config& x) {
    std::vector<config_problem> found;
    auto port = x.options.find("port");
    if (port != x.options.end() && port->second == "13")
      found.push_back({"port", "13", "brings bad luck", {}});
    if (x.options.count("label") > 0 && x.max_size > 99)
      found.push_back({"max_size",
                       std::to_string(x.max_size),
                       "must be below 100 with a label",
                       {}});
    return found;
  };
  registry.add(std::move(fake));
  backend_info redis;
  redis.name = "redis";
  redis.options
    = {{"tcp_keepalive", "true", "Be kept alive.", {"socket_keepalive"}}};
  redis.family = "redis";
  redis.defaults = [](pool_config& x) {
    x.acquire_timeout = std::chrono::seconds{5};
    x.health_check_interval = std::chrono::seconds{30};
  };
  registry.add(std::move(redis));
  return registry;
}

load_result load_toml(std::string_view toml, config_source source) {
  if (source.location.empty())
    source.location = "test.toml";
  return load_text(toml, source, test_registry());
}

load_result load_env(std::string_view toml, environment_map environment) {
  config_source source;
  source.environment = std::move(environment);
  return load_toml(toml, std::move(source));
}

loaded_config must_load(load_result result) {
  INFO(result.error().message);
  REQUIRE(result);
  return *std::move(result);
}

std::string problems_of(load_result result) {
  REQUIRE_FALSE(result);
  CHECK(result.error().code == errc::config_invalid);
  return result.error().message;
}

fs::path shipped_folder() {
  return fs::path{CAF_POOL_SOURCE_DIR} / "config";
}

} // namespace caf_pool::test
