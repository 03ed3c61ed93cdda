#pragma once

#include "caf_pool/core/parse_number.hpp"
#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/redis_value.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

// How replies are read as the types that callers want.
namespace caf_pool::detail {

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

template <class T>
struct redis_reading {
  static_assert(sizeof(T) == 0,
                "a reply is read as an integer, double, float, bool, "
                "std::string, std::vector<std::byte>, redis_value, or as a "
                "std::optional, vector, pair, tuple, map or unordered_map of "
                "these");
};

template <>
struct redis_reading<redis_value> {
  static result<redis_value> read(const redis_value& x) {
    return x;
  }
};

/// Integers of every size. Servers send those above 63 bits as digits.
template <redis_integer T>
struct redis_reading<T> {
  static result<T> read(const redis_value& x) {
    if constexpr (std::same_as<T, std::int64_t>) {
      return read_integer(x);
    } else if (auto digits = x.text()) {
      if (auto number = parse_number<T>(*digits))
        return *number;
    } else if (auto whole = read_integer(x);
               whole && std::in_range<T>(*whole)) {
      return static_cast<T>(*whole);
    }
    return redis_mismatch(
      x, "an integer from " + std::to_string(std::numeric_limits<T>::min())
           + " to " + std::to_string(std::numeric_limits<T>::max()));
  }
};

template <>
struct redis_reading<double> {
  static result<double> read(const redis_value& x) {
    return read_double(x);
  }
};

template <>
struct redis_reading<float> {
  static result<float> read(const redis_value& x) {
    auto wide = read_double(x);
    if (!wide)
      return wide.error();
    return static_cast<float>(*wide);
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
  static result<std::tuple<Ts...>> read_all(
    const std::vector<redis_value>& items, std::index_sequence<Is...>) {
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
    auto& [front, back] = *both;
    return std::pair<T, U>{std::move(front), std::move(back)};
  }
};

template <class Map>
struct redis_map_reading {
  static result<Map> read(const redis_value& x) {
    std::vector<redis_value> flat;
    auto* items = read_pairs(x, flat);
    if (items == nullptr)
      return redis_mismatch(x, "a map");
    Map all;
    for (std::size_t i = 0; i + 1 < items->size(); i += 2) {
      auto key = (*items)[i].template as<typename Map::key_type>();
      if (!key)
        return key.error();
      auto value = (*items)[i + 1].template as<typename Map::mapped_type>();
      if (!value)
        return value.error();
      all.insert_or_assign(*std::move(key), *std::move(value));
    }
    return all;
  }
};

template <class K, class V>
struct redis_reading<std::map<K, V>> : redis_map_reading<std::map<K, V>> {};

template <class K, class V>
struct redis_reading<std::unordered_map<K, V>>
  : redis_map_reading<std::unordered_map<K, V>> {};

} // namespace caf_pool::detail
