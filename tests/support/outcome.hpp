#pragma once

#include "caf_pool/core/result.hpp"

namespace caf_pool::test {

/// The outcome in a word; `errc::none` is success.
template <class T>
errc code_of(const result<T>& x) {
  return x ? errc::none : x.error().code;
}

} // namespace caf_pool::test
