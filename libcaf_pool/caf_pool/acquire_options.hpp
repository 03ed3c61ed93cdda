#pragma once

#include "caf_pool/core/time.hpp"

#include <cstdint>
#include <optional>

namespace caf_pool {

/// How a caller wants its connection. Everything has a sensible default.
struct acquire_options {
  /// How long to wait; nothing means the pool's `acquire_timeout`, or `limit`.
  std::optional<duration> wait = std::nullopt;
  /// 0 is normal, up to 7; higher goes first.
  std::uint8_t priority = 0;
  /// Callers of one tenant share their turns.
  std::uint32_t tenant = 0;
  /// How long it will be held; longer than `leak_threshold` needs saying.
  duration expected = duration::zero();
  /// The server refuses writes.
  bool read_only = false;
  /// What the caller calls itself. Must live as long as the program.
  const char* label = nullptr;
  /// How long `execute` or `transaction` may take in all, waiting included, be
  /// that shorter or longer than the pool's own limits; nothing means those.
  std::optional<duration> limit = std::nullopt;
};

} // namespace caf_pool
