#include "caf_pool/core/redis_value.hpp"

#include "caf_pool/core/hex_digit.hpp"
#include "caf_pool/core/parse_number.hpp"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace caf_pool {

bool operator==(const redis_array& x, const redis_array& y) {
  return x.as == y.as && x.items == y.items;
}

bool operator==(const redis_replies& x, const redis_replies& y) {
  return x.partial == y.partial && x.items == y.items;
}

std::optional<std::string_view> redis_value::text() const noexcept {
  if (auto* bytes = std::get_if<std::string>(&value))
    return *bytes;
  if (auto* word = std::get_if<redis_status>(&value))
    return word->text;
  return std::nullopt;
}

// -- rendering ----------------------------------------------------------------

namespace {

std::string digits_of(double x) {
  if (std::isnan(x))
    return "nan";
  char digits[32];
  auto end = std::to_chars(std::begin(digits), std::end(digits), x).ptr;
  return {digits, end};
}

void append_quoted(std::string& out, std::string_view bytes) {
  out += '"';
  for (auto c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += "\\x";
      append_hex(out, byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

void append(std::string& out, const redis_value& x);

void append(std::string& out, const redis_array& xs) {
  auto is_map = xs.as == redis_array::form::map;
  out += is_map ? '{' : '[';
  for (std::size_t i = 0; i < xs.items.size(); ++i) {
    if (i > 0)
      out += is_map && i % 2 == 1 ? ": " : ", ";
    append(out, xs.items[i]);
  }
  out += is_map ? '}' : ']';
}

void append(std::string& out, const redis_value& x) {
  auto visitor = [&out]<class T>(const T& y) {
    if constexpr (std::is_same_v<T, redis_nil>)
      out += "(nil)";
    else if constexpr (std::is_same_v<T, std::int64_t>)
      out += std::to_string(y);
    else if constexpr (std::is_same_v<T, double>)
      out += digits_of(y);
    else if constexpr (std::is_same_v<T, bool>)
      out += y ? "true" : "false";
    else if constexpr (std::is_same_v<T, std::string>)
      append_quoted(out, y);
    else if constexpr (std::is_same_v<T, redis_status>)
      out += y.text;
    else if constexpr (std::is_same_v<T, redis_failure>)
      out += "(error) " + y.text;
    else
      append(out, y);
  };
  std::visit(visitor, x.value);
}

} // namespace

std::string to_string(const redis_value& x) {
  auto result = std::string{};
  append(result, x);
  return result;
}

// -- reading ------------------------------------------------------------------

namespace detail {

namespace {

/// Names the kind of a reply.
std::string kind_of(const redis_value& x) {
  auto visitor = []<class T>(const T& y) -> std::string {
    if constexpr (std::is_same_v<T, redis_nil>)
      return "nil";
    else if constexpr (std::is_same_v<T, std::int64_t>)
      return "the integer " + std::to_string(y);
    else if constexpr (std::is_same_v<T, double>)
      return "the number " + digits_of(y);
    else if constexpr (std::is_same_v<T, bool>)
      return y ? "true" : "false";
    else if constexpr (std::is_same_v<T, std::string>)
      return "a string of " + std::to_string(y.size()) + " bytes";
    else if constexpr (std::is_same_v<T, redis_status>)
      return "the status " + y.text;
    else if constexpr (std::is_same_v<T, redis_failure>)
      return "the error \"" + y.text + '"';
    else
      return "an array of " + std::to_string(y.items.size());
  };
  return std::visit(visitor, x.value);
}

} // namespace

error redis_mismatch(const redis_value& got, std::string_view wanted) {
  auto what = "the reply is " + kind_of(got) + ", not " + std::string{wanted};
  if (got.is_nil())
    what += "; read what may be missing as std::optional";
  return {errc::invalid_argument, std::move(what), {}};
}

result<std::int64_t> read_integer(const redis_value& x) {
  if (auto* whole = std::get_if<std::int64_t>(&x.value))
    return *whole;
  if (auto* yes = std::get_if<bool>(&x.value))
    return std::int64_t{*yes ? 1 : 0};
  if (auto digits = x.text())
    if (auto number = parse_number<std::int64_t>(*digits))
      return *number;
  return redis_mismatch(x, "an integer of 64 bits");
}

result<double> read_double(const redis_value& x) {
  if (auto* real = std::get_if<double>(&x.value))
    return *real;
  // Beyond these, neighbours are one and the same double.
  constexpr auto largest = std::int64_t{1}
                           << std::numeric_limits<double>::digits;
  if (auto* whole = std::get_if<std::int64_t>(&x.value))
    if (*whole >= -largest && *whole <= largest)
      return static_cast<double>(*whole);
  if (auto digits = x.text())
    if (auto number = parse_number<double>(*digits))
      return *number;
  return redis_mismatch(x, "a floating point number");
}

result<bool> read_bool(const redis_value& x) {
  if (auto* yes = std::get_if<bool>(&x.value))
    return *yes;
  if (x.is_status("OK"))
    return true;
  if (auto* whole = std::get_if<std::int64_t>(&x.value))
    if (*whole == 0 || *whole == 1)
      return *whole == 1;
  return redis_mismatch(x, "a truth value (0, 1 or OK)");
}

result<std::string> read_text(const redis_value& x) {
  if (auto some = x.text())
    return std::string{*some};
  if (auto* whole = std::get_if<std::int64_t>(&x.value))
    return std::to_string(*whole);
  if (auto* real = std::get_if<double>(&x.value))
    return digits_of(*real);
  return redis_mismatch(x, "a string");
}

result<std::vector<std::byte>> read_bytes(const redis_value& x) {
  auto some = x.text();
  if (!some)
    return redis_mismatch(x, "a string");
  auto bytes = std::vector<std::byte>(some->size());
  if (!some->empty())
    std::memcpy(bytes.data(), some->data(), some->size());
  return bytes;
}

const std::vector<redis_value>* read_pairs(const redis_value& x,
                                           std::vector<redis_value>& flat) {
  auto* all = x.array();
  if (all == nullptr)
    return nullptr;
  auto& items = all->items;
  auto is_pair = [](const redis_value& item) {
    auto* both = item.array();
    return both != nullptr && both->items.size() == 2;
  };
  auto nested = !items.empty() && all->as != redis_array::form::map;
  for (auto& item : items)
    nested = nested && is_pair(item);
  if (!nested)
    return items.size() % 2 == 0 ? &items : nullptr;
  flat.reserve(2 * items.size());
  for (auto& item : items)
    for (auto& half : item.array()->items)
      flat.push_back(half);
  return &flat;
}

} // namespace detail

} // namespace caf_pool
