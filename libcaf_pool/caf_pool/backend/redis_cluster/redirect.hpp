#pragma once

#include "caf_pool/backend/redis_cluster/node_address.hpp"
#include "caf_pool/backend/redis_cluster/slot_of.hpp"
#include "caf_pool/core/redis_value.hpp"
#include "caf_pool/core/result.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace caf_pool::cluster {

/// What is to be done with a reply of a node. Unless it says `none`, the
/// command did not take effect.
struct redirect {
  enum class kind : std::uint8_t {
    /// It is the command's own reply.
    none,
    /// The slot has another master: to be learned, and the command to be sent
    /// there.
    moved,
    /// The slot is on its way to another node, which has the key already: the
    /// command is to be sent there behind ASKING, and nothing to be learned.
    ask,
    /// The keys of a slot on its way are at two nodes: the command is to be
    /// sent again in some milliseconds.
    try_again,
    /// Nobody has the slot, as this node sees it: another node is to be asked
    /// for the table.
    unserved,
    /// The cluster does not serve, mostly because a master died: the command
    /// is to be sent again in some tenths of a second.
    cluster_down,
  };

  kind what = kind::none;
  /// Of `moved` and `ask`.
  slot_number slot = 0;
  /// Of `moved` and `ask`; none if the node does not know it ("?"). If it is
  /// the very node that was asked, somebody else answers under its address.
  std::optional<node_address> target;

  explicit operator bool() const noexcept {
    return what != kind::none;
  }

  friend bool operator==(const redirect&, const redirect&) = default;
};

/// Reads the text of an error reply, without the mark of an error. `from` is
/// the node that said it; its host stands for a host that is not said.
///
/// A script may return such a text as its own: who follows a redirect compares
/// the slot with that of the keys, and asks whether the target may be trusted.
///
/// Thread-safety: any thread, as all functions here.
redirect read_redirect(std::string_view reply, const node_address& from);

/// As above, for an error that was made of such a reply: its state is the first
/// word, its message the text, which advice may follow behind a semicolon. What
/// lies inside an array is never a redirect.
redirect read_redirect(const result<redis_value>& reply,
                       const node_address& from);

} // namespace caf_pool::cluster
