#include "caf_pool/config/raw_value.hpp"

#include "caf_pool/core/duration_text.hpp"

#include <charconv>

namespace caf_pool::detail {

namespace {

constexpr std::size_t max_shown = 80;

error refuse(std::string text) {
  return {errc::invalid_argument, std::move(text), {}};
}

bool is_number(std::string_view str) {
  return !str.empty() && str.find_first_not_of("-.0123456789") == str.npos;
}

// Digits without an exponent, as durations have them.
result<duration> seconds_of(double x) {
  char buf[512];
  auto [last, ec]
    = std::to_chars(buf, buf + sizeof(buf), x, std::chars_format::fixed);
  auto text = std::string(buf, last);
  return parse_duration(is_number(text) ? text + 's' : text);
}

} // namespace

raw_value make_text(std::string str) {
  raw_value x;
  x.form = value_form::text;
  x.text = std::move(str);
  return x;
}

raw_value make_word(std::string str) {
  auto x = make_text(std::move(str));
  x.form = value_form::word;
  return x;
}

std::string show(const raw_value& x) {
  if (x.text.size() <= max_shown)
    return x.text;
  return x.text.substr(0, max_shown) + "...";
}

std::string_view describe(value_form x) noexcept {
  switch (x) {
    case value_form::boolean:
      return "true or false";
    case value_form::integer:
      return "a whole number";
    case value_form::real:
      return "a number with a fraction";
    case value_form::text:
    case value_form::word:
      return "text";
    case value_form::table:
      return "a table";
    case value_form::other:
      return "an array or a date";
  }
  return "something unknown";
}

error wrong_form(const raw_value& x, std::string_view expected) {
  std::string str = "expects ";
  str += expected;
  str += ", not ";
  str += describe(x.form);
  return refuse(std::move(str));
}

result<bool> convert(const raw_value& x, const bool*) {
  if (x.form == value_form::boolean)
    return x.flag;
  if (x.form == value_form::word)
    return parse_setting<bool>(x.text);
  return wrong_form(x, "true or false without quotes");
}

result<std::uint64_t> convert_unsigned(const raw_value& x, std::uint64_t max) {
  std::uint64_t value = 0;
  if (x.form == value_form::integer && x.integer >= 0) {
    value = static_cast<std::uint64_t>(x.integer);
  } else if (x.form == value_form::integer) {
    return refuse("is negative");
  } else if (x.form == value_form::word) {
    auto y = parse_setting<std::uint64_t>(x.text);
    if (!y)
      return y.error();
    value = *y;
  } else {
    return wrong_form(x, "a whole number without quotes");
  }
  if (value > max)
    return refuse("is too large");
  return value;
}

result<double> convert(const raw_value& x, const double*) {
  if (x.form == value_form::real)
    return x.real;
  if (x.form == value_form::integer)
    return static_cast<double>(x.integer);
  if (x.form == value_form::word)
    return parse_setting<double>(x.text);
  return wrong_form(x, "a number without quotes");
}

result<duration> convert(const raw_value& x, const duration*) {
  switch (x.form) {
    case value_form::text:
      return parse_duration(x.text);
    case value_form::word:
      return parse_duration(is_number(x.text) ? x.text + 's' : x.text);
    case value_form::integer:
      return parse_duration(std::to_string(x.integer) + 's');
    case value_form::real:
      return seconds_of(x.real);
    default:
      return wrong_form(x,
                        "a duration, such as \"250ms\", \"30s\" or 30 for "
                        "seconds");
  }
}

result<std::string> convert(const raw_value& x, const std::string*) {
  if (x.form == value_form::text || x.form == value_form::word)
    return x.text;
  return wrong_form(x, "text in quotes");
}

} // namespace caf_pool::detail
