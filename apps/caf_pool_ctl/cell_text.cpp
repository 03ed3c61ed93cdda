#include "cell_text.hpp"

#include "caf_pool/core/hex_digit.hpp"
#include "caf_pool/core/sql_result.hpp"

#include "visible_text.hpp"

#include <cmath>
#include <string_view>
#include <variant>

namespace caf_pool::ctl {

namespace {

std::string hex(const blob& x) {
  std::string str = "\\x";
  for (auto byte : x)
    append_hex(str, std::to_integer<unsigned char>(byte));
  return str;
}

/// Empty for all other numbers.
std::string_view special(double x) {
  if (std::isnan(x))
    return "NaN";
  if (std::isinf(x))
    return x > 0 ? "Infinity" : "-Infinity";
  return {};
}

bool is_ambiguous(std::string_view text) {
  return text.empty() || text == "NULL" || text.starts_with("\\x")
         || text.starts_with('\'') || text.starts_with(' ')
         || text.ends_with(' ');
}

std::string in_quotes(std::string_view text) {
  std::string str = "'";
  for (auto c : text) {
    str += c;
    if (c == '\'')
      str += c;
  }
  return str + '\'';
}

} // namespace

std::string text_of(const sql_value& x) {
  if (auto* bytes = std::get_if<blob>(&x))
    return hex(*bytes);
  if (auto* real = std::get_if<double>(&x))
    if (auto name = special(*real); !name.empty())
      return std::string{name};
  if (auto* text = std::get_if<std::string>(&x))
    return is_ambiguous(*text) ? in_quotes(*text) : *text;
  return sql_cell{x}.get<std::string>().value_or("NULL");
}

nlohmann::ordered_json json_of(const sql_value& x) {
  if (auto* yes = std::get_if<bool>(&x))
    return *yes;
  if (auto* whole = std::get_if<std::int64_t>(&x))
    return *whole;
  if (auto* natural = std::get_if<std::uint64_t>(&x))
    return *natural;
  if (auto* real = std::get_if<double>(&x); real && special(*real).empty())
    return *real;
  if (auto* text = std::get_if<std::string>(&x))
    return is_utf8(*text) ? *text : visible(*text);
  if (std::holds_alternative<sql_null>(x))
    return nullptr;
  return text_of(x);
}

} // namespace caf_pool::ctl
