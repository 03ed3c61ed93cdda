#pragma once

#include <utility>
#include <variant>

#include "caf_pool/core/error.hpp"

namespace caf_pool {

/// Stands for "no value" in `result<void>`.
struct unit {
  friend constexpr bool operator==(unit, unit) = default;
};

/// Either a value or an error. `value()` throws `pool_error` for callers that
/// prefer exceptions; everything else never throws by itself.
///
/// ~~~
/// auto rows = db.execute("SELECT 1");
/// if (!rows)
///   return rows.error();
/// use(*rows);
/// ~~~
///
/// Thread-safety: like a plain value.
template <class T>
class [[nodiscard]] result {
public:
  using value_type = T;

  result(T value) : state_(std::in_place_index<0>, std::move(value)) {
    // nop
  }

  result(caf_pool::error what)
    : state_(std::in_place_index<1>, std::move(what)) {
    // nop
  }

  bool has_value() const noexcept {
    return state_.index() == 0;
  }

  explicit operator bool() const noexcept {
    return has_value();
  }

  T& operator*() & noexcept {
    return *std::get_if<0>(&state_);
  }

  const T& operator*() const& noexcept {
    return *std::get_if<0>(&state_);
  }

  /// By value, so that a loop over the rows of a temporary does not dangle.
  T operator*() && {
    return std::move(*std::get_if<0>(&state_));
  }

  T* operator->() noexcept {
    return std::get_if<0>(&state_);
  }

  const T* operator->() const noexcept {
    return std::get_if<0>(&state_);
  }

  /// Returns the value or throws `pool_error`.
  T& value() & {
    check();
    return **this;
  }

  const T& value() const& {
    check();
    return **this;
  }

  T value() && {
    check();
    return *std::move(*this);
  }

  /// Returns the value or `fallback`.
  T value_or(T fallback) const& {
    return has_value() ? **this : std::move(fallback);
  }

  /// Returns the error. Requires `!has_value()`.
  const caf_pool::error& error() const noexcept {
    return *std::get_if<1>(&state_);
  }

  friend bool operator==(const result&, const result&) = default;

private:
  void check() const {
    if (!has_value())
      throw pool_error{error()};
  }

  std::variant<T, caf_pool::error> state_;
};

template <>
class [[nodiscard]] result<void> : public result<unit> {
public:
  using result<unit>::result;

  result() : result<unit>(unit{}) {
    // nop
  }
};

} // namespace caf_pool
