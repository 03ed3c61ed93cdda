// Feeds every decoder; what one accepts has to encode to the same bytes.

#include "caf_pool/protocol/codec.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

template <class T>
void try_as(std::string_view bytes) {
  auto x = caf_pool::wire::decode<T>(bytes);
  if (x && caf_pool::wire::encode(*x) != bytes)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  auto bytes = std::string_view{reinterpret_cast<const char*>(data), size};
  try_as<std::vector<caf_pool::sql_statement>>(bytes);
  try_as<std::vector<caf_pool::sql_result>>(bytes);
  try_as<std::vector<std::string>>(bytes);
  try_as<caf_pool::pool_snapshot>(bytes);
  try_as<std::vector<caf_pool::pool_health>>(bytes);
  try_as<caf_pool::pool_event>(bytes);
  return 0;
}
