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

// Numbers have several spellings, so that what is read is compared.
void try_order(std::string_view bytes) {
  auto now = caf_pool::time_point{};
  auto x = caf_pool::wire::decode_order(bytes, now);
  if (!x)
    return;
  auto again
    = caf_pool::wire::decode_order(caf_pool::wire::encode(*x, now), now);
  if (!again || again->how != x->how)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  auto bytes = std::string_view{reinterpret_cast<const char*>(data), size};
  try_order(bytes);
  try_as<caf_pool::outcome>(bytes);
  try_as<caf_pool::wire::grant>(bytes);
  try_as<caf_pool::wire::operation>(bytes);
  (void) caf_pool::wire::decode_error(bytes);
  try_as<std::vector<std::string>>(bytes);
  try_as<caf_pool::pool_snapshot>(bytes);
  try_as<std::vector<caf_pool::pool_health>>(bytes);
  try_as<caf_pool::pool_event>(bytes);
  return 0;
}
