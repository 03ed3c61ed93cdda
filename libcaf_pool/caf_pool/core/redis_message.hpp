#pragma once

#include "caf_pool/core/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// Where a server announces the keys that changed, to the connection that
/// CLIENT TRACKING ON REDIRECT names.
inline constexpr std::string_view redis_invalidations = "__redis__:invalidate";

/// What somebody published.
///
/// Thread-safety: a plain value.
struct redis_message {
  std::string channel;
  /// The pattern that the channel matches; empty for a subscription of the
  /// channel itself.
  std::string pattern = {};
  /// Any bytes.
  std::string payload = {};
  /// Of `redis_invalidations`: the keys that changed; none means all of them.
  std::vector<std::string> keys = {};

  friend bool operator==(const redis_message&, const redis_message&) = default;
};

/// Messages may have been lost: the connection was gone for a time.
///
/// Thread-safety: a plain value.
struct redis_gap {
  /// When the last that came before the loss was heard.
  time_point since{};
  /// When the server confirmed the subscription again.
  time_point until{};
  std::string reason = {};
  /// The number of the login since then: `redis_subscriber::generation`. The
  /// connection has another number at the server (`client_id`).
  std::uint64_t generation = 0;

  friend bool operator==(const redis_gap&, const redis_gap&) = default;
};

} // namespace caf_pool
