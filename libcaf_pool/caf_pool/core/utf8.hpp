#pragma once

#include <cstddef>
#include <string_view>

namespace caf_pool {

/// Returns the length of the UTF-8 sequence at `i`, or 0 if it is broken:
/// truncated, overlong, a surrogate or beyond U+10FFFF (RFC 3629, section 4).
/// Requires that `i` is inside of the text.
constexpr std::size_t utf8_length(std::string_view text,
                                  std::size_t i) noexcept {
  auto byte_at = [text](std::size_t k) {
    return k < text.size() ? static_cast<unsigned char>(text[k]) : 0u;
  };
  auto lead = byte_at(i);
  if (lead < 0x80)
    return 1;
  std::size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || i + n > text.size())
    return 0;
  auto next = byte_at(i + 1);
  auto low = lead == 0xe0 ? 0xa0u : lead == 0xf0 ? 0x90u : 0x80u;
  auto high = lead == 0xed ? 0x9fu : lead == 0xf4 ? 0x8fu : 0xbfu;
  if (next < low || next > high)
    return 0;
  for (std::size_t k = 2; k < n; ++k)
    if ((byte_at(i + k) & 0xc0u) != 0x80u)
      return 0;
  return n;
}

} // namespace caf_pool
