#pragma once

#include "caf_pool/front/slot_rules.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace caf_pool::test {

/// A `slot_word` in two bytes.
struct small_word {
  std::uint8_t low = 0;
  std::uint8_t generation = 0;

  small_word() = default;

  small_word(slot_word x)
    : low(static_cast<std::uint8_t>(x.bits())),
      generation(static_cast<std::uint8_t>(x.generation())) {
    // nop
  }

  operator slot_word() const {
    return slot_word{static_cast<std::uint64_t>(generation) << 8 | low};
  }

  friend bool operator==(small_word, small_word) = default;
};

/// First in, first out.
struct small_queue {
  std::array<std::uint8_t, 8> items = {};
  std::uint8_t size = 0;

  void push(std::uint8_t x) {
    items.at(size++) = x;
  }

  std::uint8_t pop() {
    auto result = items[0];
    for (std::size_t i = 1; i < items.size(); ++i)
      items[i - 1] = items[i];
    items.back() = 0;
    --size;
    return result;
  }
};

} // namespace caf_pool::test
