#include "caf_pool/core/duration_text.hpp"

#include <array>
#include <cstdint>
#include <limits>

namespace caf_pool {

namespace {

struct unit_name {
  std::string_view text;
  std::uint64_t factor;
};

// From large to small.
constexpr std::array<unit_name, 7> units{{
  {"d", 86'400'000'000'000},
  {"h", 3'600'000'000'000},
  {"min", 60'000'000'000},
  {"s", 1'000'000'000},
  {"ms", 1'000'000},
  {"us", 1'000},
  {"ns", 1},
}};

constexpr auto limit
  = static_cast<std::uint64_t>(std::numeric_limits<duration::rep>::max());

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

error failure(std::string_view str, std::string_view why) {
  std::string text = "\"";
  text += str.substr(0, 40);
  text += "\" is not a duration: ";
  text += why;
  text += "; write a number and a unit, such as \"250ms\", \"1.5s\", \"2min\", "
          "\"1h\" or \"1d\"";
  return {errc::invalid_argument, std::move(text), {}};
}

// Multiplies and adds; returns false instead of leaving the range.
bool accumulate(std::uint64_t& sum, std::uint64_t factor, std::uint64_t x) {
  if (factor != 0 && sum > limit / factor)
    return false;
  sum *= factor;
  if (x > limit - sum)
    return false;
  sum += x;
  return true;
}

// Adds the digits after the point; false if they are finer than a nanosecond
// or leave the range.
bool add_fraction(std::uint64_t& sum, std::string_view digits,
                  std::uint64_t factor) {
  for (char c : digits) {
    auto digit = static_cast<std::uint64_t>(c - '0');
    if (digit != 0 && factor % 10 != 0)
      return false;
    factor /= 10;
    if (!accumulate(sum, 1, digit * factor))
      return false;
  }
  return true;
}

std::string_view take_digits(std::string_view& str) {
  std::size_t n = 0;
  while (n < str.size() && is_digit(str[n]))
    ++n;
  auto digits = str.substr(0, n);
  str.remove_prefix(n);
  return digits;
}

const unit_name* find_unit(std::string_view text) {
  for (auto& x : units)
    if (x.text == text)
      return &x;
  return nullptr;
}

std::uint64_t magnitude(duration x) {
  auto n = static_cast<std::uint64_t>(x.count());
  return x.count() < 0 ? 0 - n : n;
}

// Writes hundredths of a unit with at most three digits: "1.25", "12.5".
std::string rough_number(std::uint64_t hundredths) {
  auto whole = hundredths / 100;
  auto rest = hundredths % 100;
  auto str = std::to_string(whole);
  if (whole >= 100 || rest == 0)
    return str;
  str += '.';
  str += static_cast<char>('0' + rest / 10);
  if (whole < 10 && rest % 10 != 0)
    str += static_cast<char>('0' + rest % 10);
  return str;
}

// Rounds to three digits: hundredths below 10, tenths below 100, else whole.
std::uint64_t round_hundredths(std::uint64_t n, std::uint64_t factor) {
  auto round_to = [&](std::uint64_t part) {
    auto whole = n / factor * part;
    auto rest = n % factor;
    // The rest is below a day of nanoseconds: no overflow.
    return whole + (rest * part + factor / 2) / factor;
  };
  if (auto x = round_to(100); x < 1000)
    return x;
  if (auto x = round_to(10); x < 1000)
    return x * 10;
  return round_to(1) * 100;
}

} // namespace

result<duration> parse_duration(std::string_view str) {
  auto rest = str;
  auto negative = !rest.empty() && rest.front() == '-';
  if (negative)
    rest.remove_prefix(1);
  auto whole = take_digits(rest);
  std::string_view fraction;
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    fraction = take_digits(rest);
    if (fraction.empty())
      return failure(str, "digits are missing after the point");
  }
  if (whole.empty())
    return failure(str, "it does not begin with a number");
  if (rest.empty() && whole == "0" && fraction.empty())
    return duration::zero();
  if (rest.empty())
    return failure(str, "the unit is missing");
  auto* unit = find_unit(rest);
  if (unit == nullptr)
    return failure(str,
                   "the unit is unknown; units are d, h, min, s, ms, us "
                   "and ns");
  std::uint64_t sum = 0;
  for (char c : whole)
    if (!accumulate(sum, 10, static_cast<std::uint64_t>(c - '0')))
      return failure(str, "it is too long");
  if (!accumulate(sum, unit->factor, 0))
    return failure(str, "it is too long");
  if (!add_fraction(sum, fraction, unit->factor))
    return failure(str, "it is finer than a nanosecond or too long");
  auto count = static_cast<duration::rep>(sum);
  return duration{negative ? -count : count};
}

std::string to_text(duration x) {
  if (x == duration::zero())
    return "0s";
  auto n = magnitude(x);
  std::string str;
  for (auto& [text, factor] : units) {
    if (n % factor == 0) {
      if (x < duration::zero())
        str += '-';
      str += std::to_string(n / factor);
      str += text;
      break;
    }
  }
  return str;
}

std::string to_rough_text(duration x) {
  if (x == duration::zero())
    return "0s";
  auto n = magnitude(x);
  std::size_t i = 0;
  while (n < units[i].factor)
    ++i;
  auto hundredths = round_hundredths(n, units[i].factor);
  // 999.9ms rounds to 1000ms, which reads better as 1s.
  if (i > 0 && hundredths / 100 * units[i].factor >= units[i - 1].factor) {
    --i;
    hundredths = 100;
  }
  std::string str = x < duration::zero() ? "-" : "";
  str += rough_number(hundredths);
  str += units[i].text;
  return str;
}

} // namespace caf_pool
