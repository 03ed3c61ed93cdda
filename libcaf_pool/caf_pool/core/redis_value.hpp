#pragma once

#include "caf_pool/core/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace caf_pool {

class redis_value;

/// The server has no such thing: a missing key, a transaction that was called
/// off.
using redis_nil = std::monostate;

/// A short word of the server's, mostly "OK" or "QUEUED".
struct redis_status {
  std::string text;

  friend bool operator==(const redis_status&, const redis_status&) = default;
};

/// An error inside an array: of one command of a transaction, or of a script.
struct redis_failure {
  std::string text;

  friend bool operator==(const redis_failure&, const redis_failure&) = default;
};

/// Several values. RESP2 knows arrays only: what RESP3 sends as a map is then
/// an array of keys and values in turn.
struct redis_array {
  enum class form : std::uint8_t { array, map, set, push };

  /// Of a map: key, value, key, value, and so on.
  std::vector<redis_value> items;
  form as = form::array;

  friend bool operator==(const redis_array&, const redis_array&);
};

namespace detail {

template <class T>
struct redis_reading;

} // namespace detail

/// One reply of a server that speaks RESP.
///
/// Thread-safety: a plain value.
class redis_value {
public:
  /// The order of the alternatives is part of the wire format. A string is any
  /// bytes.
  using variant
    = std::variant<redis_nil, std::int64_t, double, bool, std::string,
                   redis_status, redis_failure, redis_array>;

  variant value;

  redis_value() = default;

  redis_value(variant x) : value(std::move(x)) {
    // nop
  }

  bool is_nil() const noexcept {
    return std::holds_alternative<redis_nil>(value);
  }

  bool is_status(std::string_view text) const noexcept {
    auto* x = std::get_if<redis_status>(&value);
    return x != nullptr && x->text == text;
  }

  /// Returns the values of an array, a map, a set or a push; null otherwise.
  const redis_array* array() const noexcept {
    return std::get_if<redis_array>(&value);
  }

  /// Returns a string or a status; none otherwise.
  std::optional<std::string_view> text() const noexcept;

  /// Reads the value as a `T`: an integer of any size, double, float, bool,
  /// std::string, bytes, std::optional (for what may be nil), std::vector,
  /// std::pair, std::tuple, std::map, std::unordered_map, and these inside each
  /// other. Hides what RESP2 and RESP3 do differently: a number may come as its
  /// digits, a map as an array of keys and values or of pairs of them. Needs
  /// redis_reading.hpp.
  ///
  /// Returns `invalid_argument` for what `T` cannot hold.
  template <class T>
  result<T> as() const {
    return detail::redis_reading<T>::read(*this);
  }

  friend bool operator==(const redis_value&, const redis_value&) = default;
};

/// Renders a value in one line, as redis-cli does: strings in quotes.
std::string to_string(const redis_value& x);

/// What came of commands: for each one its reply, or why there is none, in the
/// order of the commands.
///
/// Thread-safety: a plain value.
struct redis_replies {
  std::vector<result<redis_value>> items;
  /// A transaction took effect but for those commands that failed in it: the
  /// server undoes nothing.
  bool partial = false;

  friend bool operator==(const redis_replies&, const redis_replies&);
};

} // namespace caf_pool
