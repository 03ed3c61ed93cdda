#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace caf_pool {

/// Bytes that are not text.
using blob = std::vector<std::byte>;

/// SQL's NULL.
using sql_null = std::monostate;

/// A value in a statement's parameters or in a result. The order of the
/// alternatives is part of the wire format. `std::uint64_t` is for what
/// `std::int64_t` cannot hold; a backend that cannot, either, refuses it.
using sql_value = std::variant<sql_null, bool, std::int64_t, double,
                               std::string, blob, std::uint64_t>;

namespace detail {

template <class T>
inline constexpr bool is_duration = false;

template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = true;

template <class T>
concept character
  = std::same_as<T, char> || std::same_as<T, wchar_t>
    || std::same_as<T, char8_t> || std::same_as<T, char16_t>
    || std::same_as<T, char32_t>;

/// Integers that are numbers, not truth and not text.
template <class T>
concept number = std::integral<T> && !std::same_as<T, bool> && !character<T>;

/// What has a constructor of its own in `sql_parameter`.
template <class T>
concept plain_parameter
  = std::same_as<T, std::nullptr_t> || std::same_as<T, std::nullopt_t>
    || std::same_as<T, bool> || number<T> || std::same_as<T, float>
    || std::same_as<T, double> || std::same_as<T, blob>
    || std::same_as<T, sql_value>
    || std::convertible_to<const T&, std::string_view>;

template <class T>
inline constexpr bool is_optional_parameter = false;

template <class T>
inline constexpr bool is_optional_parameter<std::optional<T>>
  = plain_parameter<T>;

} // namespace detail

/// Converts what callers have at hand to a value that is exactly equal:
/// integers up to 64 bits, floating point up to `double`, text, bytes,
/// `nullptr` and a `std::optional` of these (nothing becomes NULL, a null
/// `const char*`, too). What cannot be exact does not compile.
struct sql_parameter {
  sql_value value;

  sql_parameter(std::nullptr_t) {
    // nop
  }

  sql_parameter(std::nullopt_t) {
    // nop
  }

  template <std::same_as<bool> T>
  sql_parameter(T x) : value(x) {
    // nop
  }

  template <detail::number T>
  sql_parameter(T x) {
    if (std::in_range<std::int64_t>(x))
      value.emplace<std::int64_t>(static_cast<std::int64_t>(x));
    else
      value.emplace<std::uint64_t>(static_cast<std::uint64_t>(x));
  }

  template <class T>
    requires(std::same_as<T, float> || std::same_as<T, double>)
  sql_parameter(T x) : value(static_cast<double>(x)) {
    // nop
  }

  sql_parameter(const char* x) {
    if (x != nullptr)
      value.emplace<std::string>(x);
  }

  sql_parameter(std::string_view x) : value(std::string{x}) {
    // nop
  }

  sql_parameter(std::string x) : value(std::move(x)) {
    // nop
  }

  sql_parameter(blob x) : value(std::move(x)) {
    // nop
  }

  sql_parameter(sql_value x) : value(std::move(x)) {
    // nop
  }

  template <class T>
    requires detail::is_optional_parameter<std::optional<T>>
  sql_parameter(const std::optional<T>& x) {
    if (x)
      value = sql_parameter{*x}.value;
  }

  /// Catches the types that have no exact value, to say so in a sentence.
  template <class T>
    requires(!detail::plain_parameter<T> && !detail::is_optional_parameter<T>
             && !std::same_as<T, sql_parameter>)
  sql_parameter(const T&) {
    static_assert(!detail::character<T>,
                  "a character is a number or a text: pass int{c} or "
                  "std::string(1, c)");
    static_assert(!std::same_as<T, long double>,
                  "SQL has no long double: convert to double, or pass the "
                  "digits as text");
    static_assert(!std::is_enum_v<T>,
                  "an enumerator has no SQL value: pass its number "
                  "(static_cast) or its name");
    static_assert(!std::is_pointer_v<T>,
                  "a pointer has no SQL value: pass what it points to");
    static_assert(!detail::is_duration<T>,
                  "a duration has no unit in SQL: pass .count() of the unit "
                  "that the statement expects");
    static_assert(detail::character<T> || std::same_as<T, long double>
                    || std::is_enum_v<T> || std::is_pointer_v<T>
                    || detail::is_duration<T>,
                  "this type has no SQL value: pass a bool, an integer, a "
                  "double, text, a blob, nullptr or a std::optional of these");
  }
};

/// One statement with its bound parameters. Placeholders are the backend's:
/// `$1` for PostgreSQL, `?1` or `$1` for SQLite.
struct sql_statement {
  std::string text;
  std::vector<sql_value> parameters;

  sql_statement() = default;

  sql_statement(const char* sql) : text(sql) {
    // nop
  }

  sql_statement(std::string sql) : text(std::move(sql)) {
    // nop
  }

  sql_statement(std::string sql, std::initializer_list<sql_parameter> xs)
    : text(std::move(sql)) {
    parameters.reserve(xs.size());
    for (auto& x : xs)
      parameters.push_back(x.value);
  }

  friend bool operator==(const sql_statement&, const sql_statement&) = default;
};

} // namespace caf_pool
