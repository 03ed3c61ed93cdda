#include "caf_pool/core/sql_result.hpp"

#include "caf_pool/core/error.hpp"
#include "caf_pool/core/parse_number.hpp"

#include <charconv>
#include <cmath>
#include <limits>

namespace caf_pool {

namespace {

[[noreturn]] void fail(std::string text) {
  throw pool_error{{errc::invalid_argument, std::move(text), {}}};
}

template <class T>
std::string shortest(T x) {
  char buf[32];
  auto [last, ec] = std::to_chars(buf, buf + sizeof(buf), x);
  return std::string(buf, last);
}

// A decimal number without its sign: 0.digits x 10^exponent, where digits has
// no zeros at its ends.
struct decimal {
  std::string digits;
  std::int64_t exponent = 0;

  friend bool operator==(const decimal&, const decimal&) = default;
};

std::optional<decimal> parse_decimal(std::string_view str) {
  decimal x;
  if (str.starts_with('-') || str.starts_with('+'))
    str.remove_prefix(1);
  auto mantissa = str.substr(0, str.find_first_of("eE"));
  if (mantissa.size() < str.size()) {
    auto power = str.substr(mantissa.size() + 1);
    if (power.starts_with('+'))
      power.remove_prefix(1);
    auto n = parse_number<std::int32_t>(power);
    if (!n)
      return std::nullopt;
    x.exponent = *n;
  }
  bool fraction = false;
  for (auto c : mantissa) {
    if (c == '.') {
      if (std::exchange(fraction, true))
        return std::nullopt;
      continue;
    }
    if (c < '0' || c > '9')
      return std::nullopt;
    // A leading zero adds nothing before the point, and shifts behind it.
    if (x.digits.empty() && c == '0') {
      x.exponent -= fraction ? 1 : 0;
      continue;
    }
    x.digits += c;
    x.exponent += fraction ? 0 : 1;
  }
  while (x.digits.ends_with('0'))
    x.digits.pop_back();
  if (x.digits.empty())
    x.exponent = 0;
  return x;
}

// Numbers that are written with the same digits are the same to whoever reads
// them, though few decimal fractions are exact in binary.
template <class T>
std::optional<T> parse_real(std::string_view str) {
  auto x = parse_number<T>(str);
  if (!x || !std::isfinite(*x))
    return x;
  auto wanted = parse_decimal(str);
  return wanted && wanted == parse_decimal(shortest(*x)) ? x : std::nullopt;
}

// 2^63 and 2^64 are exact in a double, the largest integers are not.
constexpr double signed_end = 9223372036854775808.0;
constexpr double unsigned_end = 18446744073709551616.0;

} // namespace

std::optional<std::int64_t> sql_cell::to_signed() const {
  if (auto x = std::get_if<std::int64_t>(value_))
    return *x;
  if (auto x = std::get_if<std::uint64_t>(value_))
    return std::in_range<std::int64_t>(*x)
             ? std::optional{static_cast<std::int64_t>(*x)}
             : std::nullopt;
  if (auto x = std::get_if<bool>(value_))
    return *x ? 1 : 0;
  if (auto x = std::get_if<double>(value_))
    return *x >= -signed_end && *x < signed_end && std::trunc(*x) == *x
             ? std::optional{static_cast<std::int64_t>(*x)}
             : std::nullopt;
  if (auto x = std::get_if<std::string>(value_))
    return parse_number<std::int64_t>(*x);
  return std::nullopt;
}

std::optional<std::uint64_t> sql_cell::to_unsigned() const {
  if (auto x = std::get_if<std::uint64_t>(value_))
    return *x;
  if (auto x = std::get_if<double>(value_))
    return *x >= 0 && *x < unsigned_end && std::trunc(*x) == *x
             ? std::optional{static_cast<std::uint64_t>(*x)}
             : std::nullopt;
  if (auto x = std::get_if<std::string>(value_))
    return parse_number<std::uint64_t>(*x);
  auto x = to_signed();
  return x && *x >= 0 ? std::optional{static_cast<std::uint64_t>(*x)}
                      : std::nullopt;
}

std::optional<bool> sql_cell::to_bool() const {
  if (auto x = std::get_if<bool>(value_))
    return *x;
  if (auto x = std::get_if<std::int64_t>(value_); x && (*x == 0 || *x == 1))
    return *x == 1;
  return std::nullopt;
}

std::optional<double> sql_cell::to_double() const {
  if (auto x = std::get_if<double>(value_))
    return *x;
  if (auto x = std::get_if<std::string>(value_))
    return parse_real<double>(*x);
  if (auto whole = to_signed()) {
    auto x = static_cast<double>(*whole);
    return x < signed_end && static_cast<std::int64_t>(x) == *whole
             ? std::optional{x}
             : std::nullopt;
  }
  if (auto whole = to_unsigned()) {
    auto x = static_cast<double>(*whole);
    return x < unsigned_end && static_cast<std::uint64_t>(x) == *whole
             ? std::optional{x}
             : std::nullopt;
  }
  return std::nullopt;
}

std::optional<float> sql_cell::to_float() const {
  if (auto x = std::get_if<std::string>(value_))
    return parse_real<float>(*x);
  auto x = to_double();
  if (!x)
    return std::nullopt;
  auto narrow = static_cast<float>(*x);
  // A server's 4-byte number arrives as the double with the same digits.
  if (std::isnan(*x) || static_cast<double>(narrow) == *x
      || (std::isfinite(narrow)
          && parse_decimal(shortest(narrow)) == parse_decimal(shortest(*x))))
    return narrow;
  return std::nullopt;
}

std::optional<std::string> sql_cell::to_text() const {
  if (auto x = std::get_if<std::string>(value_))
    return *x;
  if (auto x = std::get_if<std::int64_t>(value_))
    return std::to_string(*x);
  if (auto x = std::get_if<std::uint64_t>(value_))
    return std::to_string(*x);
  if (auto x = std::get_if<bool>(value_))
    return *x ? "true" : "false";
  if (auto x = std::get_if<double>(value_))
    return shortest(*x);
  if (auto x = std::get_if<blob>(value_))
    return std::string(reinterpret_cast<const char*>(x->data()), x->size());
  return std::nullopt;
}

std::optional<blob> sql_cell::to_blob() const {
  if (auto x = std::get_if<blob>(value_))
    return *x;
  return std::nullopt;
}

void sql_cell::complain(std::string_view wanted, target as) const {
  auto name = std::string{wanted};
  if (is_null())
    fail("the cell is NULL, not " + name
         + "; use get() where NULL is possible");
  auto text = std::holds_alternative<blob>(*value_) ? std::string{}
                                                    : *to_text();
  if (auto number = parse_decimal(text); number && !text.empty()) {
    auto held = "the cell holds " + text + ", which is ";
    auto scale = static_cast<std::int64_t>(number->digits.size());
    if (as == target::truth)
      fail(held + "neither 0 nor 1; read it as an integer");
    if (as == target::real)
      fail(held + "not exact as " + name + "; read it as text");
    if (as == target::whole && number->exponent < scale)
      fail(held + "not whole, as " + name
           + " must be; read it as double or as text");
    if (as == target::whole)
      fail(held + (text.starts_with('-') ? "too small" : "too large") + " for "
           + name + "; read it as a wider type or as text");
  }
  fail("the cell holds a value of another type, not " + name
       + "; read it as text, or cast it in SQL");
}

std::size_t sql_row::size() const noexcept {
  return rows_->columns.size();
}

sql_cell sql_row::operator[](std::size_t column) const {
  if (column >= size())
    fail("there is no column " + std::to_string(column) + " in a row of "
         + std::to_string(size()));
  return sql_cell{rows_->cells[index_ * size() + column]};
}

sql_cell sql_row::operator[](std::string_view column) const {
  auto i = rows_->column(column);
  if (!i)
    fail("there is no column named \"" + std::string{column} + '"');
  return (*this)[*i];
}

sql_row sql_result::operator[](std::size_t row) const {
  if (row >= size())
    fail("there is no row " + std::to_string(row) + " in a result of "
         + std::to_string(size()));
  return {*this, row};
}

std::optional<std::size_t>
sql_result::column(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (columns[i] == name)
      return i;
  return std::nullopt;
}

namespace {

// What an allocator keeps beside each block, as a rule.
constexpr std::size_t block_header = 16;

// Text up to this length has no block of its own.
constexpr std::size_t short_text = 15;

} // namespace

std::size_t byte_size(const sql_value& x) noexcept {
  auto block = std::size_t{0};
  if (auto str = std::get_if<std::string>(&x))
    block = str->size() > short_text ? str->size() : 0;
  else if (auto bytes = std::get_if<blob>(&x))
    block = bytes->size();
  return sizeof(x) + (block > 0 ? block + block_header : 0);
}

} // namespace caf_pool
