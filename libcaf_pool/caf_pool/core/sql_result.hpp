#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "caf_pool/core/sql_statement.hpp"

namespace caf_pool {

/// A warning of the server about a statement that went well.
struct sql_warning {
  std::string text;
  /// SQLSTATE or the backend's own code; empty if there is none.
  std::string state;

  friend bool operator==(const sql_warning&, const sql_warning&) = default;
};

namespace detail {

/// The types that a cell can be read as.
template <class T>
concept cell_type
  = std::same_as<T, bool> || number<T> || std::same_as<T, float>
    || std::same_as<T, double> || std::same_as<T, std::string>
    || std::same_as<T, blob>;

template <number T>
inline constexpr std::string_view integer_name
  = sizeof(T) == 1   ? (std::is_signed_v<T> ? "an 8-bit integer"
                                            : "an unsigned 8-bit integer")
    : sizeof(T) == 2 ? (std::is_signed_v<T> ? "a 16-bit integer"
                                            : "an unsigned 16-bit integer")
    : sizeof(T) == 4 ? (std::is_signed_v<T> ? "a 32-bit integer"
                                            : "an unsigned 32-bit integer")
                     : (std::is_signed_v<T> ? "a 64-bit integer"
                                            : "an unsigned 64-bit integer");

} // namespace detail

/// Reads one cell. Conversions that lose nothing are made: between integers,
/// from integers and their digits to floating point and back, from anything to
/// text. A text of decimal digits is read as the nearest `double` if that one
/// is written with the same digits. Others yield no value.
class sql_cell {
public:
  explicit sql_cell(const sql_value& value) : value_(&value) {
    // nop
  }

  bool is_null() const noexcept {
    return std::holds_alternative<sql_null>(*value_);
  }

  const sql_value& raw() const noexcept {
    return *value_;
  }

  /// Returns the cell as `T`: a bool, an integer, float, double, std::string or
  /// blob. Returns nothing for NULL and for what `T` cannot hold exactly.
  template <class T>
  std::optional<T> get() const {
    static_assert(detail::cell_type<T>,
                  "a cell is read as bool, an integer, float, double, "
                  "std::string or blob");
    if constexpr (std::same_as<T, bool>) {
      return to_bool();
    } else if constexpr (detail::number<T> && std::is_signed_v<T>) {
      auto x = to_signed();
      return x && std::in_range<T>(*x) ? std::optional{static_cast<T>(*x)}
                                       : std::nullopt;
    } else if constexpr (detail::number<T>) {
      auto x = to_unsigned();
      return x && std::in_range<T>(*x) ? std::optional{static_cast<T>(*x)}
                                       : std::nullopt;
    } else if constexpr (std::same_as<T, float>) {
      return to_float();
    } else if constexpr (std::same_as<T, double>) {
      return to_double();
    } else if constexpr (std::same_as<T, std::string>) {
      return to_text();
    } else {
      return to_blob();
    }
  }

  /// Like `get`, but throws `pool_error` (`invalid_argument`) that says why
  /// there is no such value: NULL, too large, not exact, or another type.
  template <class T>
  T as() const {
    if (auto x = get<T>())
      return *std::move(x);
    if constexpr (std::same_as<T, bool>)
      complain("a bool", target::truth);
    else if constexpr (detail::number<T>)
      complain(detail::integer_name<T>, target::whole);
    else if constexpr (std::floating_point<T>)
      complain(sizeof(T) == sizeof(double) ? "a double" : "a float",
               target::real);
    else if constexpr (std::same_as<T, std::string>)
      complain("text", target::text);
    else
      complain("a blob", target::bytes);
  }

private:
  enum class target : std::uint8_t { truth, whole, real, text, bytes };

  std::optional<bool> to_bool() const;
  std::optional<std::int64_t> to_signed() const;
  std::optional<std::uint64_t> to_unsigned() const;
  std::optional<float> to_float() const;
  std::optional<double> to_double() const;
  std::optional<std::string> to_text() const;
  std::optional<blob> to_blob() const;

  [[noreturn]] void complain(std::string_view wanted, target as) const;

  const sql_value* value_;
};

struct sql_result;

/// Views one row of a result, which must outlive it.
class sql_row {
public:
  sql_row(const sql_result& rows, std::size_t index)
    : rows_(&rows), index_(index) {
    // nop
  }

  std::size_t size() const noexcept;

  /// Returns the cell in a column. Throws `pool_error` (`invalid_argument`)
  /// when there is no such column.
  sql_cell operator[](std::size_t column) const;
  sql_cell operator[](std::string_view column) const;

  std::size_t index() const noexcept {
    return index_;
  }

private:
  const sql_result* rows_;
  std::size_t index_;
};

/// What a statement returned: columns, rows, and how many rows it touched.
///
/// ~~~
/// for (auto row : rows)
///   std::cout << row["name"].as<std::string>() << '\n';
/// ~~~
///
/// Thread-safety: like a plain value.
struct sql_result {
  /// Column names, in order.
  std::vector<std::string> columns;
  /// All cells, row after row.
  std::vector<sql_value> cells;
  /// Rows inserted, updated or deleted; 0 for a query.
  std::uint64_t affected = 0;
  /// Rows of a result that has no columns, as of `SELECT FROM t`: there are no
  /// cells to count. 0 for every other result.
  std::uint64_t bare_rows = 0;
  /// What the server warned about while it ran the statement; the first
  /// `max_warnings` of them.
  std::vector<sql_warning> warnings;

  static constexpr std::size_t max_warnings = 16;

  std::size_t size() const noexcept {
    return columns.empty() ? static_cast<std::size_t>(bare_rows)
                           : cells.size() / columns.size();
  }

  bool empty() const noexcept {
    return size() == 0;
  }

  /// Throws `pool_error` (`invalid_argument`) when there is no such row.
  sql_row operator[](std::size_t row) const;

  /// Returns the index of a column, if there is one of that name.
  std::optional<std::size_t> column(std::string_view name) const noexcept;

  class iterator {
  public:
    using value_type = sql_row;
    using difference_type = std::ptrdiff_t;

    iterator(const sql_result* rows, std::size_t index)
      : rows_(rows), index_(index) {
      // nop
    }

    sql_row operator*() const {
      return {*rows_, index_};
    }

    iterator& operator++() {
      ++index_;
      return *this;
    }

    friend bool operator==(const iterator&, const iterator&) = default;

  private:
    const sql_result* rows_;
    std::size_t index_;
  };

  iterator begin() const noexcept {
    return {this, 0};
  }

  iterator end() const noexcept {
    return {this, size()};
  }

  friend bool operator==(const sql_result&, const sql_result&) = default;
};

/// Estimates the memory that a value takes, in bytes.
std::size_t byte_size(const sql_value& x) noexcept;

} // namespace caf_pool
