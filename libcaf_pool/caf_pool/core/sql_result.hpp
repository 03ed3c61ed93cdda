#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "caf_pool/core/sql_statement.hpp"

namespace caf_pool {

/// Reads one cell. Conversions that lose nothing are made (integer to double,
/// anything to text); others yield no value.
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

  /// Returns the cell as `T` (bool, std::int64_t, int, double, std::string or
  /// blob), or nothing for NULL and for what does not convert.
  template <class T>
  std::optional<T> get() const;

  /// Like `get`, but throws `pool_error` (`invalid_argument`) instead.
  template <class T>
  T as() const;

private:
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

  std::size_t size() const noexcept {
    return columns.empty() ? 0 : cells.size() / columns.size();
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
