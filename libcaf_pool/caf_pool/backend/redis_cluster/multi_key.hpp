#pragma once

#include "caf_pool/backend/redis_cluster/slot_of.hpp"
#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/redis_value.hpp"
#include "caf_pool/core/result.hpp"

#include <cstdint>
#include <vector>

namespace caf_pool::cluster {

/// How the replies to the pieces of a command become one.
enum class merging : std::uint8_t {
  /// The command cannot be cut.
  none,
  /// MGET: one value per key.
  values,
  /// DEL, UNLINK, EXISTS, TOUCH: a count of keys.
  sum,
  /// MSET: nothing but OK.
  ok,
};

/// Tells how the replies to pieces of a command are merged. MSETNX is none of
/// those that can be cut: it sets all keys or none.
///
/// Thread-safety: any thread, as all functions here.
merging merging_of(const redis_command& command);

/// A command for those of another one's keys that lie in one slot.
struct command_piece {
  redis_command command;
  slot_number slot = 0;
  /// The numbers of its keys among those of the whole command.
  std::vector<std::uint32_t> keys;
};

/// Cuts a command that can be cut into one piece for each slot, in the order in
/// which the slots first come. All keys of a piece keep their order.
std::vector<command_piece> cut_by_slot(const redis_command& command);

/// What came of a piece.
struct piece_reply {
  const std::vector<std::uint32_t>* keys = nullptr;
  const result<redis_value>* reply = nullptr;
};

/// Makes one reply of those to all pieces of a command. If a piece failed, the
/// reply is the first error, which says how many pieces went well: the command
/// is not atomic.
result<redis_value> merged(merging how, const std::vector<piece_reply>& pieces);

} // namespace caf_pool::cluster
