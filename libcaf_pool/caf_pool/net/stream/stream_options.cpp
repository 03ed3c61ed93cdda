#include "caf_pool/net/stream/stream_options.hpp"

namespace caf_pool {

std::string describe(const stream_options& options, bool tls) {
  auto result = std::string{tls ? "tls " : ""};
  if (!options.path.empty())
    return result + "unix " + options.path;
  auto six = options.host.find(':') != std::string::npos;
  return result + (six ? '[' + options.host + ']' : options.host) + ':'
         + std::to_string(options.port);
}

} // namespace caf_pool
