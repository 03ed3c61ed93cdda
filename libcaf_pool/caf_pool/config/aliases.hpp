#pragma once

#include "caf_pool/config/raw_value.hpp"
#include "caf_pool/core/result.hpp"

#include <span>
#include <string_view>

namespace caf_pool {

/// How the value of another spelling is written there.
enum class alias_form : std::uint8_t {
  /// Like ours.
  same,
  /// true for "lifo", false for "fifo".
  lifo_switch,
  /// true for "automatic", false for "none"; "rollback" for "transaction".
  reset_switch,
};

/// Another pool's name for one of our settings. Documents show ours alone;
/// files and environments may use either, in a pool's table or in the defaults.
struct alias {
  std::string_view spelling;
  /// Our key, relative to the pool's table.
  std::string_view key;
  alias_form form = alias_form::same;
};

/// Returns all other spellings.
std::span<const alias> aliases() noexcept;

/// The connections that are not overflow: together with `max_overflow` another
/// way to write `max_size`, which is the sum of both.
inline constexpr std::string_view base_size_key = "pool_size";

/// Others write this in the table of each pool. It is one setting of the node
/// here, `admin.metrics_interval`, and may stand beside it, in [defaults] and
/// in the table of a pool.
inline constexpr std::string_view metrics_interval_spelling
  = "metrics_collection_interval";

namespace detail {

/// Turns the value of another spelling into one of ours.
raw_value translate(alias_form form, raw_value x);

} // namespace detail

} // namespace caf_pool
