#pragma once

#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/redis_value.hpp"
#include "caf_pool/core/result.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace caf_pool::cluster {

/// How the replies of all masters to one command become one.
enum class gathering : std::uint8_t {
  /// It is a command for one node.
  none,
  /// DBSIZE.
  sum,
  /// KEYS.
  values,
  /// FLUSHALL, FLUSHDB; SCRIPT and FUNCTION, what they change: the reply of
  /// each is the same.
  same,
  /// SCAN: one master after the other.
  scan,
};

/// Tells whether a command without keys means the whole cluster.
///
/// Thread-safety: any thread, as all functions here.
gathering gathering_of(const redis_command& command);

/// Makes one reply of those of all masters; the first error if one failed.
result<redis_value> gathered(gathering how,
                             std::vector<result<redis_value>> replies);

/// Where a SCAN over all masters stands. Its cursor is a number like a node's
/// own, which has the number of the master above its 48 lower bits.
struct scan_place {
  std::uint64_t master = 0;
  std::uint64_t cursor = 0;

  /// Reads the cursor of a SCAN; none if it is no number.
  static std::optional<scan_place> of(const redis_command& scan);

  /// Returns the command for that master.
  redis_command command_for(const redis_command& scan) const;

  /// Puts the cursor that follows into a node's reply. `masters` is how many
  /// there are. Returns `not_supported` for a cursor beyond 48 bits.
  result<redis_value> reply_of(redis_value said, std::size_t masters) const;
};

} // namespace caf_pool::cluster
