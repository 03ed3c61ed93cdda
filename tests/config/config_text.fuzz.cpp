// Feeds texts to the loader: none may crash it, and what loads must load again
// from what is rendered.

#include "caf_pool/config/load.hpp"
#include "caf_pool/config/render.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace caf_pool;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  static const auto registry = backend_registry::with_defaults();
  std::string_view text{reinterpret_cast<const char*>(data), size};
  config_source source;
  source.location = "fuzz.toml";
  source.environment = {{"HOME", "/home/ann"}};
  source.run_secrets = "/nonexistent";
  auto config = load_text(text, source, registry);
  if (!config) {
    // Every refusal says something.
    if (config.problems().empty() || config.error().message.empty())
      std::abort();
    return 0;
  }
  auto again = load_text(render_toml(*config, true), source, registry);
  // A literal password is not rendered, so it cannot come back.
  for (auto& pool : config->node.pools)
    pool.password = secret{};
  if (!again || again->node != config->node
      || again->defaults != config->defaults)
    std::abort();
  return 0;
}
