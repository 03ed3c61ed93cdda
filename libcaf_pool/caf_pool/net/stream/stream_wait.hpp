#pragma once

#include <cstdint>

namespace caf_pool {

/// How a step of a stream ended.
enum class stream_wait : std::uint8_t {
  done,
  /// The deadline has passed.
  late,
  /// The peer ended the stream.
  closed,
  /// The stream broke, or was aborted.
  failed
};

} // namespace caf_pool
