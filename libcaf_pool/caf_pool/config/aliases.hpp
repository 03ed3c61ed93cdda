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
  /// Like ours, or a bare number of seconds.
  seconds,
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

/// A setting of another pool that is not ours, because there is nothing to
/// choose.
struct fixed_setting {
  std::string_view key;
  /// The value that says what happens here anyway; empty if there is none.
  std::string_view accepted;
  /// Why any other value is refused.
  std::string_view reason;
};

std::span<const fixed_setting> fixed_settings() noexcept;

namespace detail {

/// Turns the value of another spelling into one of ours.
raw_value translate(alias_form form, raw_value x);

} // namespace detail

} // namespace caf_pool
