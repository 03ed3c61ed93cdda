#pragma once

#include "caf_pool/core/result.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
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

/// Several values. RESP2 knows arrays only: what RESP3 sends as a map is then an
/// array of keys and values in turn.
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
  using variant = std::variant<redis_nil, std::int64_t, double, bool,
                               std::string, redis_status, redis_failure,
                               redis_array>;

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

  /// Reads the value as a `T`: a 64-bit integer, double, bool, std::string,
  /// bytes, std::optional (for what may be nil), std::vector, std::pair,
  /// std::tuple, std::map, and these inside each other. Hides what RESP2 and
  /// RESP3 do differently: a number may come as its digits, a map as an array
  /// of keys and values or of pairs of them.
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

// -- reading ------------------------------------------------------------------

namespace detail {

/// Says that a value is not what it was to be read as.
error redis_mismatch(const redis_value& got, std::string_view wanted);

result<std::int64_t> read_integer(const redis_value& x);
result<double> read_double(const redis_value& x);
result<bool> read_bool(const redis_value& x);
result<std::string> read_text(const redis_value& x);
result<std::vector<std::byte>> read_bytes(const redis_value& x);

/// Returns the keys and values of a map in turn, whatever its form; null if it
/// is none. `flat` holds what has to be put together for that.
const std::vector<redis_value>* read_pairs(const redis_value& x,
                                           std::vector<redis_value>& flat);

template <>
struct redis_reading<redis_value> {
  static result<redis_value> read(const redis_value& x) {
    return x;
  }
};

template <>
struct redis_reading<std::int64_t> {
  static result<std::int64_t> read(const redis_value& x) {
    return read_integer(x);
  }
};

template <>
struct redis_reading<double> {
  static result<double> read(const redis_value& x) {
    return read_double(x);
  }
};

template <>
struct redis_reading<bool> {
  static result<bool> read(const redis_value& x) {
    return read_bool(x);
  }
};

template <>
struct redis_reading<std::string> {
  static result<std::string> read(const redis_value& x) {
    return read_text(x);
  }
};

template <>
struct redis_reading<std::vector<std::byte>> {
  static result<std::vector<std::byte>> read(const redis_value& x) {
    return read_bytes(x);
  }
};

template <class T>
struct redis_reading<std::optional<T>> {
  static result<std::optional<T>> read(const redis_value& x) {
    if (x.is_nil())
      return std::optional<T>{};
    auto some = x.as<T>();
    if (!some)
      return some.error();
    return std::optional<T>{*std::move(some)};
  }
};

template <class T>
struct redis_reading<std::vector<T>> {
  static result<std::vector<T>> read(const redis_value& x) {
    auto* all = x.array();
    if (all == nullptr)
      return redis_mismatch(x, "an array");
    std::vector<T> xs;
    xs.reserve(all->items.size());
    for (auto& item : all->items) {
      auto one = item.as<T>();
      if (!one)
        return one.error();
      xs.push_back(*std::move(one));
    }
    return xs;
  }
};

template <class... Ts>
struct redis_reading<std::tuple<Ts...>> {
  static result<std::tuple<Ts...>> read(const redis_value& x) {
    auto* all = x.array();
    if (all == nullptr || all->items.size() != sizeof...(Ts))
      return redis_mismatch(x, "an array of " + std::to_string(sizeof...(Ts)));
    return read_all(all->items, std::index_sequence_for<Ts...>{});
  }

private:
  template <std::size_t... Is>
  static result<std::tuple<Ts...>>
  read_all(const std::vector<redis_value>& items, std::index_sequence<Is...>) {
    auto parts = std::tuple<result<Ts>...>{items[Is].template as<Ts>()...};
    auto why = error{};
    ((!why && !std::get<Is>(parts) ? void(why = std::get<Is>(parts).error())
                                   : void()),
     ...);
    if (why)
      return why;
    return std::tuple<Ts...>{*std::get<Is>(std::move(parts))...};
  }
};

template <class T, class U>
struct redis_reading<std::pair<T, U>> {
  static result<std::pair<T, U>> read(const redis_value& x) {
    auto both = redis_reading<std::tuple<T, U>>::read(x);
    if (!both)
      return both.error();
    auto& [first, second] = *both;
    return std::pair<T, U>{std::move(first), std::move(second)};
  }
};

template <class K, class V>
struct redis_reading<std::map<K, V>> {
  static result<std::map<K, V>> read(const redis_value& x) {
    std::vector<redis_value> flat;
    auto* items = read_pairs(x, flat);
    if (items == nullptr)
      return redis_mismatch(x, "a map");
    std::map<K, V> result;
    for (std::size_t i = 0; i + 1 < items->size(); i += 2) {
      auto key = (*items)[i].template as<K>();
      if (!key)
        return key.error();
      auto value = (*items)[i + 1].template as<V>();
      if (!value)
        return value.error();
      result.insert_or_assign(*std::move(key), *std::move(value));
    }
    return result;
  }
};

} // namespace detail

} // namespace caf_pool
