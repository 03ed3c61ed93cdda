// Feeds connection strings to their reader.

#include "caf_pool/backend/postgres/pg_url.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  std::string_view text{reinterpret_cast<const char*>(data), size};
  // Nothing of it is shown, whatever is wrong with it.
  constexpr std::string_view canary = "S3cr3tCanary";
  for (auto* begin : {"postgres://", "postgres://app:", "password="}) {
    auto all = begin + std::string{canary} + std::string{text};
    auto config = caf_pool::parse_postgres_url(all);
    if (!config && config.error().message.find(canary) != std::string::npos)
      std::abort();
  }
  return 0;
}
