#include "caf_pool/core/sql_result.hpp"

#include <charconv>
#include <limits>

#include "caf_pool/core/error.hpp"

namespace caf_pool {

namespace {

[[noreturn]] void fail(std::string text) {
  throw pool_error{{errc::invalid_argument, std::move(text), {}}};
}

template <class T>
std::optional<T> parse(const std::string& str) {
  T x{};
  auto* last = str.data() + str.size();
  auto [pos, ec] = std::from_chars(str.data(), last, x);
  if (ec != std::errc{} || pos != last)
    return std::nullopt;
  return x;
}

} // namespace

template <>
std::optional<std::int64_t> sql_cell::get() const {
  if (auto x = std::get_if<std::int64_t>(value_))
    return *x;
  if (auto x = std::get_if<bool>(value_))
    return *x ? 1 : 0;
  if (auto x = std::get_if<std::string>(value_))
    return parse<std::int64_t>(*x);
  return std::nullopt;
}

template <>
std::optional<int> sql_cell::get() const {
  auto x = get<std::int64_t>();
  if (!x || *x < std::numeric_limits<int>::min()
      || *x > std::numeric_limits<int>::max())
    return std::nullopt;
  return static_cast<int>(*x);
}

template <>
std::optional<bool> sql_cell::get() const {
  if (auto x = std::get_if<bool>(value_))
    return *x;
  if (auto x = std::get_if<std::int64_t>(value_))
    return *x != 0;
  return std::nullopt;
}

template <>
std::optional<double> sql_cell::get() const {
  if (auto x = std::get_if<double>(value_))
    return *x;
  if (auto x = std::get_if<std::int64_t>(value_))
    return static_cast<double>(*x);
  if (auto x = std::get_if<std::string>(value_))
    return parse<double>(*x);
  return std::nullopt;
}

template <>
std::optional<std::string> sql_cell::get() const {
  if (auto x = std::get_if<std::string>(value_))
    return *x;
  if (auto x = std::get_if<std::int64_t>(value_))
    return std::to_string(*x);
  if (auto x = std::get_if<bool>(value_))
    return *x ? "true" : "false";
  if (auto x = std::get_if<double>(value_)) {
    char buf[32];
    auto [last, ec] = std::to_chars(buf, buf + sizeof(buf), *x);
    return std::string(buf, last);
  }
  if (auto x = std::get_if<blob>(value_))
    return std::string(reinterpret_cast<const char*>(x->data()), x->size());
  return std::nullopt;
}

template <>
std::optional<blob> sql_cell::get() const {
  if (auto x = std::get_if<blob>(value_))
    return *x;
  return std::nullopt;
}

template <class T>
T sql_cell::as() const {
  if (auto x = get<T>())
    return *std::move(x);
  fail(is_null() ? "the cell is NULL; use get() where NULL is possible"
                 : "the cell holds a value of another type");
}

template bool sql_cell::as() const;
template int sql_cell::as() const;
template std::int64_t sql_cell::as() const;
template double sql_cell::as() const;
template std::string sql_cell::as() const;
template blob sql_cell::as() const;

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

std::size_t byte_size(const sql_value& x) noexcept {
  if (auto str = std::get_if<std::string>(&x))
    return sizeof(x) + str->size();
  if (auto bytes = std::get_if<blob>(&x))
    return sizeof(x) + bytes->size();
  return sizeof(x);
}

} // namespace caf_pool
