#pragma once

#include "caf_pool/core/parse_number.hpp"

#include <charconv>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// How a cache writes a `T` as bytes and reads it again. Specialise it for
/// types of your own:
///
/// ~~~
/// template <>
/// struct caf_pool::cache_codec<price> {
///   static std::string encode(const price& x);
///   // Nothing for bytes that are no price, e.g. of an older version.
///   static std::optional<price> decode(std::string_view bytes);
/// };
/// ~~~
template <class T>
struct cache_codec;

template <>
struct cache_codec<std::string> {
  static std::string encode(const std::string& x) {
    return x;
  }

  static std::optional<std::string> decode(std::string_view bytes) {
    return std::string{bytes};
  }
};

template <>
struct cache_codec<std::vector<std::byte>> {
  static std::string encode(const std::vector<std::byte>& x) {
    return {reinterpret_cast<const char*>(x.data()), x.size()};
  }

  static std::optional<std::vector<std::byte>> decode(std::string_view bytes) {
    auto* first = reinterpret_cast<const std::byte*>(bytes.data());
    return std::vector<std::byte>{first, first + bytes.size()};
  }
};

template <>
struct cache_codec<bool> {
  static std::string encode(bool x) {
    return x ? "1" : "0";
  }

  static std::optional<bool> decode(std::string_view bytes) {
    if (bytes != "0" && bytes != "1")
      return std::nullopt;
    return bytes == "1";
  }
};

/// Integers and floating point numbers are written in digits: the fewest that
/// read back as the same number.
template <class T>
requires std::integral<T> || std::floating_point<T>
struct cache_codec<T> {
  static std::string encode(T x) {
    char digits[64];
    auto end = std::to_chars(std::begin(digits), std::end(digits), x).ptr;
    return {digits, end};
  }

  static std::optional<T> decode(std::string_view bytes) {
    return parse_number<T>(bytes);
  }
};

} // namespace caf_pool
