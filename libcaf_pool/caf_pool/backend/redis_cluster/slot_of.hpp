#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace caf_pool::cluster {

/// The number of one of a cluster's slots, below `slot_count`.
using slot_number = std::uint16_t;

inline constexpr std::size_t slot_count = 16384;

/// Returns the part of a key that decides on its slot: what stands between the
/// first `{` and the next `}`, or all of the key if there is nothing between
/// them. Keys with the same tag lie in one slot.
///
/// Thread-safety: any thread, as all functions here.
std::string_view hash_tag(std::string_view key) noexcept;

/// Returns the slot of a key: CRC16 (XMODEM) of its hash tag, modulo the number
/// of slots. Agrees with CLUSTER KEYSLOT for all bytes.
slot_number slot_of(std::string_view key) noexcept;

} // namespace caf_pool::cluster
