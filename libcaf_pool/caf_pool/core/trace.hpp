#pragma once

#include <cstdint>

namespace caf_pool {

/// What a holder left behind on a connection, as far as it is known without
/// asking the server.
enum class trace : std::uint8_t {
  /// Nothing: the next holder may have it as it is.
  clean,
  /// Something that a reset removes.
  dirty,
  /// Broken or in the middle of a reply: only closing helps.
  broken,
};

} // namespace caf_pool
