#include "caf_pool/cache/cache_keys.hpp"

#include "caf_pool/core/ascii.hpp"
#include "caf_pool/core/hex_digit.hpp"

namespace caf_pool {

namespace {

void append_clean(std::string& out, std::string_view text) {
  for (auto c : text) {
    if (is_control(c) || c == ' ' || c == '%' || c == '{' || c == '}') {
      out += '%';
      append_hex(out, static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
}

std::string unclean(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' || i + 2 >= text.size()) {
      result += text[i];
      continue;
    }
    auto high = hex_digit(text[i + 1]);
    auto low = hex_digit(text[i + 2]);
    result += static_cast<char>((high << 4) | low);
    i += 2;
  }
  return result;
}

} // namespace

cache_keys::cache_keys(std::string_view prefix) {
  append_clean(begin_, prefix);
  begin_ += ":v1:";
}

std::string cache_keys::value_of(std::string_view key) const {
  auto result = begin_ + '{';
  append_clean(result, key);
  result += '}';
  return result;
}

std::string cache_keys::generation_of(std::string_view key) const {
  return value_of(key) + ":gen";
}

std::string cache_keys::lock_of(std::string_view key) const {
  return value_of(key) + ":lock";
}

std::string cache_keys::tag(std::string_view name) const {
  auto result = begin_ + "tag:{";
  append_clean(result, name);
  result += '}';
  return result;
}

std::string cache_keys::key_of(std::string_view value_name) const {
  if (!value_name.starts_with(begin_ + '{') || !value_name.ends_with('}'))
    return {};
  value_name.remove_prefix(begin_.size() + 1);
  value_name.remove_suffix(1);
  return unclean(value_name);
}

} // namespace caf_pool
