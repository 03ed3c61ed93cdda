#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/settings/setting_text.hpp"

#include <concepts>
#include <cstdint>
#include <limits>
#include <string>

namespace caf_pool::detail {

/// What a value looked like where it was written.
enum class value_form : std::uint8_t {
  boolean,
  integer,
  real,
  /// Text in quotes.
  text,
  /// Text without any type: environment and command line.
  word,
  table,
  /// Arrays, dates and times: no setting has them.
  other,
};

/// A value before anybody knows what it should be.
struct raw_value {
  value_form form = value_form::other;
  bool flag = false;
  std::int64_t integer = 0;
  double real = 0.0;
  /// The text or word; for other forms the value for people.
  std::string text;
};

raw_value make_text(std::string str);

raw_value make_word(std::string str);

/// Renders a value for error texts, on one line and not too long.
std::string show(const raw_value& x);

/// Says what the form is for people, e.g. "a whole number".
std::string_view describe(value_form x) noexcept;

/// Says that `x` has a wrong form, and what would be right.
error wrong_form(const raw_value& x, std::string_view expected);

// -- conversions: the form only, ranges are for validate() --------------------

result<bool> convert(const raw_value& x, const bool*);
result<std::uint64_t> convert_unsigned(const raw_value& x, std::uint64_t max);
result<double> convert(const raw_value& x, const double*);
result<duration> convert(const raw_value& x, const duration*);
result<std::string> convert(const raw_value& x, const std::string*);

template <std::unsigned_integral T>
requires(!std::same_as<T, bool>) result<T> convert(const raw_value& x,
                                                   const T*) {
  auto y = convert_unsigned(x, std::numeric_limits<T>::max());
  if (!y)
    return y.error();
  return static_cast<T>(*y);
}

template <setting_enum T>
result<T> convert(const raw_value& x, const T*) {
  if (x.form == value_form::text || x.form == value_form::word)
    return parse_setting<T>(x.text);
  return wrong_form(x, join_choices(names_of(T{})) + " in quotes");
}

/// Converts to the type of a setting, or says which form it expects.
template <class T>
result<T> convert_to(const raw_value& x) {
  return convert(x, static_cast<const T*>(nullptr));
}

} // namespace caf_pool::detail
