#include "caf_pool/admin/metrics/label.hpp"

#include "caf_pool/core/ascii.hpp"

#include <cstddef>

namespace caf_pool {

namespace {

// Returns the length of the character of UTF-8 at the front, 0 if there is none
// (RFC 3629, section 4).
std::size_t utf8_length(std::string_view str) {
  auto byte = [&str](std::size_t i) {
    return i < str.size() ? static_cast<unsigned char>(str[i]) : 0u;
  };
  auto tail = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  auto first = byte(0);
  auto second = byte(1);
  if (first < 0x80)
    return 1;
  if (first >= 0xC2 && first <= 0xDF)
    return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    auto fine = tail(1) && !(first == 0xE0 && second < 0xA0)
                && !(first == 0xED && second > 0x9F);
    return fine && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    auto fine = tail(1) && !(first == 0xF0 && second < 0x90)
                && !(first == 0xF4 && second > 0x8F);
    return fine && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

} // namespace

std::string clean_label(std::string_view str) {
  std::string result;
  while (!str.empty()) {
    auto size = utf8_length(str);
    if (size == 0)
      result += '?';
    else if (is_control(str.front()))
      result += ' ';
    else
      result += str.substr(0, size);
    str.remove_prefix(size == 0 ? 1 : size);
  }
  return result;
}

} // namespace caf_pool
