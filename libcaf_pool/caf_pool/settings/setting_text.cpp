#include "caf_pool/settings/setting_text.hpp"

#include "caf_pool/core/duration_text.hpp"

#include <charconv>
#include <utility>

namespace caf_pool {

namespace {

error expected(std::string_view what) {
  return {errc::invalid_argument, "expects " + std::string{what}, {}};
}

template <class T>
result<T> parse_number(std::string_view str, std::string_view what) {
  T x{};
  auto* last = str.data() + str.size();
  auto [pos, ec] = std::from_chars(str.data(), last, x);
  if (ec == std::errc::result_out_of_range)
    return error{
      errc::invalid_argument, "the number is too large for any setting", {}};
  if (ec != std::errc{} || pos != last)
    return expected(what);
  return x;
}

template <class T>
result<T> parse_choice(std::string_view str) {
  if (auto x = enum_from_string<T>(str))
    return *x;
  return expected(join_choices(names_of(T{})));
}

constexpr std::string_view whole_number = "a whole number such as 20";

} // namespace

// -- values as text -----------------------------------------------------------

std::string to_setting_text(bool x) {
  return x ? "true" : "false";
}

std::string to_setting_text(double x) {
  char buf[64];
  auto [last, ec] = std::to_chars(buf, buf + sizeof(buf), x);
  auto str = std::string(buf, last);
  // "2" would read as a whole number in TOML.
  if (str.find_first_not_of("-0123456789") == std::string::npos)
    str += ".0";
  return str;
}

std::string to_setting_text(duration x) {
  return to_text(x);
}

std::string to_setting_text(const std::string& x) {
  return x;
}

template <>
result<bool> parse_setting(std::string_view str) {
  for (std::string_view yes : {"true", "yes", "on", "1"})
    if (str == yes)
      return true;
  for (std::string_view no : {"false", "no", "off", "0"})
    if (str == no)
      return false;
  return expected("true or false");
}

template <>
result<std::uint16_t> parse_setting(std::string_view str) {
  return parse_number<std::uint16_t>(str, whole_number);
}

template <>
result<std::uint32_t> parse_setting(std::string_view str) {
  return parse_number<std::uint32_t>(str, whole_number);
}

template <>
result<std::uint64_t> parse_setting(std::string_view str) {
  return parse_number<std::uint64_t>(str, whole_number);
}

template <>
result<double> parse_setting(std::string_view str) {
  return parse_number<double>(str, "a number such as 2.0");
}

template <>
result<duration> parse_setting(std::string_view str) {
  return parse_duration(str);
}

template <>
result<std::string> parse_setting(std::string_view str) {
  return std::string{str};
}

template <>
result<hand_out_order> parse_setting(std::string_view str) {
  return parse_choice<hand_out_order>(str);
}

template <>
result<reset_policy> parse_setting(std::string_view str) {
  return parse_choice<reset_policy>(str);
}

template <>
result<warm_up_policy> parse_setting(std::string_view str) {
  return parse_choice<warm_up_policy>(str);
}

// -- ranges as text -----------------------------------------------------------

std::string join_choices(std::span<const std::string_view> names) {
  std::string str;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0)
      str += i + 1 == names.size() ? " or " : ", ";
    str += names[i];
  }
  return str;
}

} // namespace caf_pool
