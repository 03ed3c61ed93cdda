#pragma once

#include "caf_pool/backend/redis_cluster/command_facts.hpp"
#include "caf_pool/backend/redis_cluster/multi_key.hpp"
#include "caf_pool/backend/redis_cluster/redirect.hpp"
#include "caf_pool/backend/redis_cluster/resending.hpp"
#include "caf_pool/backend/redis_cluster/slot_table.hpp"
#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/redis_value.hpp"
#include "caf_pool/core/result.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace caf_pool::cluster {

/// Commands of a call that go to one node together.
struct batch {
  /// None if the table has to say it; see `batch_splitter::route`.
  std::optional<node_address> target;
  /// ASKING goes before each command, of a transaction once before MULTI.
  bool asking = false;
  /// Why the commands are sent again; `none` if they are not. They wait for
  /// `resend_pause` before `batch_splitter::route`.
  redirect::kind why = redirect::kind::none;
  redis_commands work;
  /// The place of each command among the parts of the call.
  std::vector<std::uint32_t> parts;
};

/// How a call is split.
struct split_options {
  command_facts facts;
  /// Cuts MGET, DEL, UNLINK, EXISTS, TOUCH and MSET whose keys lie in several
  /// slots. What is cut is not atomic.
  bool split = false;
  /// How often a command follows MOVED or ASK.
  std::uint32_t max_redirects = 5;
  /// Which targets of redirects may be connected to, besides the nodes of the
  /// table.
  address_check trusted;
};

/// Splits a call into batches for the nodes of a cluster, sends what nodes
/// refuse to where it belongs, and puts the replies in the order of the call.
/// Does no input and output: the caller sends what it returns.
///
/// ~~~
/// auto call = batch_splitter::make(std::move(commands), options);
/// auto open = call->start(*table);
/// while (!open.empty()) {
///   for (auto& x : open)
///     for (auto& sent : call->route(std::move(x), *table))
///       ... next = call->answered(std::move(sent), replies, *table) ...
/// }
/// return std::move(*call).finish();
/// ~~~
///
/// Commands that share a key are executed in the order of the call if one of
/// them writes, be they sent again or not; of others no order is promised.
/// Commands without a key go to any node. A transaction is one batch.
///
/// Thread-safety: none.
class batch_splitter {
public:
  /// What follows from the replies to a batch.
  struct step {
    /// To be sent, after `batch_splitter::route`.
    std::vector<batch> batches;
    /// What the node said by MOVED of slots, for the table, from nodes that are
    /// trusted.
    std::vector<redirect> moved;
    /// There is a reason to want a newer table.
    bool refresh = false;
    /// The node redirects to its own address: another one answers there now.
    bool leads_back = false;
  };

  /// Looks for the keys of all commands. Returns `invalid_argument` with the
  /// state CROSSSLOT if one, or a transaction, has keys in several slots and
  /// cannot be cut, and the error of `command_facts::keys_of`; nothing is to be
  /// sent then.
  static result<batch_splitter> make(redis_commands call,
                                     split_options options);

  /// Returns the first batches, one for each node, and one without a target for
  /// slots that no node serves. `any` chooses the node for a call without keys.
  std::vector<batch> start(const slot_table& table, std::uint64_t any = 0);

  /// Returns a batch that has a target as it is. Splits one that has none by
  /// the table; what no node serves comes last, without a target again.
  std::vector<batch> route(batch x, const slot_table& table,
                           std::uint64_t any = 0) const;

  /// Takes the replies to a batch that was sent to its target. One that is
  /// missing is `outcome_unknown`.
  step answered(batch sent, std::vector<result<redis_value>> replies,
                const slot_table& table);

  /// Takes back a batch that is not to be sent, because the call's time is over
  /// or its node is not there. Commands that were refused before keep that
  /// error, the others get `why`.
  step abandon(batch unsent, const error& why);

  /// Tells whether each command has its last reply.
  bool done() const noexcept {
    return under_way_ == 0;
  }

  /// Returns the replies in the order of the call. Requires `done()`.
  redis_replies finish() &&;

private:
  /// What a node gets of the call: a command, or a piece of one.
  struct part {
    std::optional<slot_number> slot;
    /// Of a piece.
    std::vector<std::uint32_t> keys;
    std::uint32_t redirects = 0;
    /// The last one so far.
    std::optional<result<redis_value>> reply;
  };

  /// A command of the call.
  struct call_item {
    std::size_t first_part = 0;
    std::size_t parts = 1;
    merging how = merging::none;
  };

  explicit batch_splitter(split_options options);

  result<void> add(redis_command command, std::size_t number);
  void add_part(redis_command command, std::optional<slot_number> slot,
                std::vector<std::uint32_t> keys);
  result<void> check_transaction();
  void plan_transaction(const batch& sent, resending& plan) const;
  bool follow(const redirect& said, const slot_table& table) const;
  void send_again(batch& sent, const resending::group& group,
                  const slot_table& table, step& next);
  void keep_held(batch& sent, const std::vector<std::uint32_t>& numbers);
  void release_held(step& next);

  split_options options_;
  redis_commands::form as_ = redis_commands::form::pipeline;
  std::vector<part> parts_;
  std::vector<call_item> items_;
  /// All parts, before they are sent.
  batch unsent_;
  /// Parts that wait until nothing else is under way.
  batch held_;
  std::size_t under_way_ = 0;
};

} // namespace caf_pool::cluster
