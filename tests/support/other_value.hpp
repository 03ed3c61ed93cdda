#pragma once

#include "caf_pool/settings/settings.hpp"

#include <string>
#include <type_traits>

namespace caf_pool::test {

/// Gives the field of a setting another value that is allowed.
template <class Setting, class T>
void change(const Setting& x, T& field) {
  if constexpr (std::is_same_v<T, bool>) {
    field = !field;
  } else if constexpr (std::is_enum_v<T>) {
    field = field == T{} ? static_cast<T>(1) : T{};
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (x.allowed.empty())
      field += field.empty() ? "x" : "2";
    else
      field = field == x.allowed.front() ? x.allowed.back() : x.allowed.front();
  } else if constexpr (std::is_same_v<T, duration>) {
    auto more = field + std::chrono::seconds{1};
    field = more <= x.max ? more : x.min;
  } else {
    field
      = static_cast<T>(field + 1) <= x.max ? static_cast<T>(field + 1) : x.min;
  }
}

} // namespace caf_pool::test
