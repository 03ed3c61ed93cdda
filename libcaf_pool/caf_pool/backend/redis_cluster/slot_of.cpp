#include "caf_pool/backend/redis_cluster/slot_of.hpp"

#include <array>

namespace caf_pool::cluster {

namespace {

using remainders = std::array<std::uint16_t, 256>;

/// Returns the remainder of each byte, for the polynomial 0x1021.
constexpr remainders make_remainders() {
  remainders result{};
  for (std::size_t byte = 0; byte < result.size(); ++byte) {
    auto x = static_cast<std::uint32_t>(byte) << 8;
    for (auto bit = 0; bit < 8; ++bit)
      x = (x & 0x8000) != 0 ? (x << 1) ^ 0x1021 : x << 1;
    result[byte] = static_cast<std::uint16_t>(x);
  }
  return result;
}

constexpr remainders remainder_of = make_remainders();

std::uint16_t crc16(std::string_view bytes) noexcept {
  auto x = std::uint32_t{0};
  for (auto c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    x = ((x << 8) & 0xffff) ^ remainder_of[(x >> 8) ^ byte];
  }
  return static_cast<std::uint16_t>(x);
}

} // namespace

std::string_view hash_tag(std::string_view key) noexcept {
  auto open = key.find('{');
  if (open == key.npos)
    return key;
  auto close = key.find('}', open + 1);
  if (close == key.npos || close == open + 1)
    return key;
  return key.substr(open + 1, close - open - 1);
}

slot_number slot_of(std::string_view key) noexcept {
  return static_cast<slot_number>(crc16(hash_tag(key)) % slot_count);
}

} // namespace caf_pool::cluster
