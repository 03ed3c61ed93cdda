// Feeds environment variables and overrides to the loader. Each line of the
// input is one: "NAME=value" a variable, "!key=value" an override.

#include "caf_pool/config/load.hpp"
#include "caf_pool/config/render.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace caf_pool;

namespace {

constexpr std::string_view toml
  = "[pools.main]\n"
    "sqlite.path = \"x\"\n"
    "[pools.read-only]\n"
    "sqlite.path = \"x\"\n";

void take_line(config_source& source, std::string_view line) {
  if (line.starts_with('!')) {
    source.overrides.emplace_back(line.substr(1));
    return;
  }
  auto split = line.find('=');
  auto name = std::string{environment_prefix};
  // Most lines should get past the prefix.
  if (line.starts_with("DATABASE_") || line.starts_with("REDIS_"))
    name.clear();
  name += line.substr(0, split);
  auto value = split == line.npos ? std::string_view{} : line.substr(split + 1);
  source.environment.emplace(std::move(name), value);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  static const auto registry = backend_registry::with_defaults();
  std::string_view text{reinterpret_cast<const char*>(data), size};
  config_source source;
  source.location = "fuzz.toml";
  source.run_secrets = "/nonexistent";
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    take_line(source, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  auto config = load_text(toml, source, registry);
  if (!config) {
    if (config.problems().empty() || config.error().message.empty())
      std::abort();
    return 0;
  }
  config_source plain;
  plain.location = "fuzz.toml";
  auto again = load_text(render_toml(*config, true), plain, registry);
  for (auto& pool : config->node.pools)
    pool.password = secret{};
  if (!again || again->node != config->node
      || again->defaults != config->defaults)
    std::abort();
  return 0;
}
