#pragma once

#include <algorithm>
#include <initializer_list>
#include <type_traits>

namespace caf_pool {

/// Tells whether a value is among a few.
template <class T>
constexpr bool one_of(const T& x,
                      std::initializer_list<std::type_identity_t<T>> values) {
  return std::find(values.begin(), values.end(), x) != values.end();
}

} // namespace caf_pool
