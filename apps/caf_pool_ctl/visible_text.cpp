#include "visible_text.hpp"

#include "caf_pool/core/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace caf_pool::ctl {

namespace {

/// Control characters, characters that turn text round (Unicode's bidirectional
/// algorithm), separators of lines, and those without any picture but the two
/// joiners, which scripts need.
constexpr std::pair<char32_t, char32_t> hidden[] = {
  {0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},     {0x61c, 0x61c},
  {0x115f, 0x1160},   {0x180e, 0x180e},   {0x200b, 0x200b}, {0x200e, 0x200f},
  {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164}, {0xfdd0, 0xfdef},
  {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb}, {0xfffe, 0xffff},
  {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

bool is_hidden(char32_t x) {
  return std::any_of(std::begin(hidden), std::end(hidden), [x](auto& range) {
    return x >= range.first && x <= range.second;
  });
}

std::string hex(std::uint32_t x, int digits) {
  constexpr std::string_view letters = "0123456789abcdef";
  std::string str;
  while (digits-- > 0)
    str += letters[(x >> (4 * digits)) & 15];
  return str;
}

/// Requires a whole sequence of UTF-8.
char32_t decode(std::string_view sequence) {
  auto first = static_cast<unsigned char>(sequence.front());
  if (sequence.size() == 1)
    return first;
  auto result = static_cast<char32_t>(first & (0x7f >> sequence.size()));
  for (auto c : sequence.substr(1))
    result = result << 6 | (static_cast<unsigned char>(c) & 0x3f);
  return result;
}

std::string escape(char32_t x) {
  if (x == '\n')
    return "\\n";
  if (x == '\r')
    return "\\r";
  if (x == '\t')
    return "\\t";
  if (x < 0x80)
    return "\\x" + hex(x, 2);
  return x > 0xffff ? "\\U" + hex(x, 8) : "\\u" + hex(x, 4);
}

/// A character above U+FFFF takes two of these.
std::string document_escape(char32_t x) {
  if (x == '\n')
    return "\n";
  if (x <= 0xffff)
    return "\\u" + hex(x, 4);
  x -= 0x10000;
  return "\\u" + hex(0xd800 + (x >> 10), 4) + "\\u"
         + hex(0xdc00 + (x & 0x3ff), 4);
}

template <class Escape>
std::string transform(std::string_view text, Escape escape_of) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    auto n = utf8_length(text, i);
    if (n == 0) {
      result += "\\x" + hex(static_cast<unsigned char>(text[i++]), 2);
      continue;
    }
    auto sequence = text.substr(i, n);
    auto x = decode(sequence);
    if (is_hidden(x))
      result += escape_of(x);
    else
      result += sequence;
    i += n;
  }
  return result;
}

} // namespace

std::string visible(std::string_view text) {
  return transform(text, escape);
}

std::string visible_lines(std::string_view text) {
  return transform(text, [](char32_t x) {
    return x == '\n' ? std::string{"\n  "} : escape(x);
  });
}

std::string visible_document(std::string_view text) {
  return transform(text, document_escape);
}

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    auto n = utf8_length(text, i);
    if (n == 0)
      return false;
    i += n;
  }
  return true;
}

} // namespace caf_pool::ctl
