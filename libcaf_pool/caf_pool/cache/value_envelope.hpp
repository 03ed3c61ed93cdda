#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// A name by which values are invalidated, and its token at the time when the
/// value was computed. Another token says that the value is invalid.
struct cache_tag {
  std::string name;
  std::string token;

  friend bool operator==(const cache_tag&, const cache_tag&) = default;
};

/// What a cache stores for a key: the value's bytes and what has to be known to
/// serve them.
///
/// The form is a byte for the format, a byte of flags, 8 bytes of expiry, 4
/// bytes of cost, 2 bytes for the number of tags, each tag as two texts with a
/// length of 2 bytes, and the payload. Numbers are big endian.
///
/// Thread-safety: a plain value.
struct value_envelope {
  /// It is known that there is no value.
  bool negative = false;
  /// When it is no longer fresh: ms since 1970 by the server's clock.
  std::int64_t expiry = 0;
  /// How long computing took, in ms.
  std::uint32_t cost = 0;
  std::vector<cache_tag> tags = {};
  std::string payload = {};

  friend bool operator==(const value_envelope&, const value_envelope&)
    = default;
};

/// What stands before the expiry, which the server fills in.
std::string envelope_head(const value_envelope& x);

/// What stands behind it.
std::string envelope_tail(const value_envelope& x);

/// Returns the whole.
std::string to_bytes(const value_envelope& x);

/// Reads the whole. Returns nothing for bytes that are anything else: another
/// program's, another format's, or cut off.
std::optional<value_envelope> read_envelope(std::string_view bytes);

} // namespace caf_pool
