#pragma once

#include "caf_pool/core/hex_digit.hpp"
#include "caf_pool/core/random.hpp"

#include <atomic>
#include <cstdint>
#include <random>
#include <string>

namespace caf_pool {

/// Sources of randomness for many threads at once.
///
/// Thread-safety: any thread may call it.
class shared_random {
public:
  /// 0 takes a seed from the system.
  explicit shared_random(std::uint64_t seed)
    : state_(seed != 0 ? seed : system_seed()) {
    // nop
  }

  /// Returns a source of the caller's own.
  random_source draw() noexcept {
    auto seed = state_.fetch_add(0x9e3779b97f4a7c15, std::memory_order_relaxed);
    return random_source{seed}.split();
  }

  /// Returns 16 hexadecimal digits that nobody else draws.
  std::string token() {
    auto bits = draw().next();
    std::string result;
    for (auto shift = 56; shift >= 0; shift -= 8)
      append_hex(result, static_cast<unsigned char>(bits >> shift));
    return result;
  }

private:
  static std::uint64_t system_seed() {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
  }

  std::atomic<std::uint64_t> state_;
};

} // namespace caf_pool
