#pragma once

#include "caf_pool/core/random.hpp"

#include <cstdint>

namespace caf_pool::simulation {

/// Draws that hang on what they are about, so that leaving something out of a
/// run changes as little as possible of the rest.
class dice {
public:
  constexpr explicit dice(std::uint64_t seed) noexcept : seed_(seed) {
    // nop
  }

  constexpr random_source about(std::uint64_t what, std::uint64_t which = 0,
                                std::uint64_t turn = 0) const noexcept {
    auto x = random_source{seed_ + 0x632be59bd9b4e019 * what};
    auto y = random_source{x.next() + 0x9e6c63d0876a9a47 * which};
    return random_source{y.next() + 0xd1342543de82ef95 * turn};
  }

private:
  std::uint64_t seed_;
};

/// Returns true in so many of a hundred cases.
constexpr bool chance(random_source& x, std::uint32_t percent) noexcept {
  return x.below(100) < percent;
}

/// Returns one of the arguments.
template <class T, class... Ts>
constexpr T one_of(random_source& x, T first, Ts... others) noexcept {
  const T all[] = {first, others...};
  return all[x.below(sizeof...(others) + 1)];
}

} // namespace caf_pool::simulation
