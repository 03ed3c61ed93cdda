#pragma once

#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/settings/settings.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace caf_pool {

// -- names of enumerators, in the order of their values -----------------------

namespace detail {

inline constexpr std::string_view hand_out_order_names[] = {"lifo", "fifo"};
inline constexpr std::string_view reset_policy_names[]
  = {"none", "transaction", "automatic", "full"};
inline constexpr std::string_view warm_up_policy_names[] = {"none", "to_min"};

} // namespace detail

constexpr std::span<const std::string_view> names_of(hand_out_order) {
  return detail::hand_out_order_names;
}

constexpr std::span<const std::string_view> names_of(reset_policy) {
  return detail::reset_policy_names;
}

constexpr std::span<const std::string_view> names_of(warm_up_policy) {
  return detail::warm_up_policy_names;
}

/// An enumeration that configurations use.
template <class T>
concept setting_enum = std::is_enum_v<T> && requires {
  names_of(T{});
};

/// Returns the name of the enumerator, e.g. "lifo".
template <setting_enum T>
constexpr std::string_view to_string(T x) noexcept {
  auto i = static_cast<std::size_t>(x);
  return i < names_of(x).size() ? names_of(x)[i] : "unknown";
}

/// Returns the enumerator with the name `str`, if there is one.
template <setting_enum T>
constexpr std::optional<T> enum_from_string(std::string_view str) noexcept {
  auto names = names_of(T{});
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == str)
      return static_cast<T>(i);
  return std::nullopt;
}

// -- values as text -----------------------------------------------------------

/// Renders the value of a setting such that `parse_setting` returns the same
/// value: "20", "2.0", "250ms", "lifo", "true".
std::string to_setting_text(bool x);
std::string to_setting_text(double x);
std::string to_setting_text(duration x);
std::string to_setting_text(const std::string& x);

template <std::unsigned_integral T>
requires(!std::same_as<T, bool>) std::string to_setting_text(T x) {
  return std::to_string(x);
}

template <setting_enum T>
std::string to_setting_text(T x) {
  return std::string{to_string(x)};
}

/// Parses what a person or an environment variable wrote for a setting. Only
/// looks at the form: whether the value is in range is for `validate`. Returns
/// `invalid_argument` with the form that is expected.
template <class T>
result<T> parse_setting(std::string_view str);

// -- ranges as text -----------------------------------------------------------

/// Returns "a, b or c".
std::string join_choices(std::span<const std::string_view> names);

/// Describes the allowed values for people: "1 to 10000", "1ms to 1d", "lifo or
/// fifo", "true or false"; empty if every text is allowed.
template <class T>
std::string range_text(const setting<T>& x) {
  if constexpr (std::same_as<T, bool>)
    return "true or false";
  else if constexpr (setting_enum<T>)
    return join_choices(names_of(T{}));
  else if constexpr (std::same_as<T, std::string>)
    return join_choices(x.allowed);
  else
    return to_setting_text(x.min) + " to " + to_setting_text(x.max);
}

} // namespace caf_pool
