#pragma once

#include <cstdint>
#include <cstdlib>

namespace caf_pool::test {

/// How often a test goes round: a tenth of `many` under a sanitizer.
inline std::uint64_t rounds(std::uint64_t many) {
  return std::getenv("CAF_POOL_SANITIZED") == nullptr ? many : many / 10;
}

} // namespace caf_pool::test
