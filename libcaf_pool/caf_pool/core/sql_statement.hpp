#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
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
/// alternatives is part of the wire format.
using sql_value = std::variant<sql_null, bool, std::int64_t, double,
                               std::string, blob>;

/// Converts what callers have at hand to a value: integers, floating point,
/// text, `nullptr` and `std::optional` are spelled as the caller has them.
struct sql_parameter {
  sql_value value;

  sql_parameter(std::nullptr_t) {
    // nop
  }

  sql_parameter(bool x) : value(x) {
    // nop
  }

  template <class T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
  sql_parameter(T x) : value(static_cast<std::int64_t>(x)) {
    // nop
  }

  sql_parameter(double x) : value(x) {
    // nop
  }

  sql_parameter(const char* x) : value(std::string{x}) {
    // nop
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
