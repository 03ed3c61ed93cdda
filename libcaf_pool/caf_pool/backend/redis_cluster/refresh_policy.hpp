#pragma once

#include "caf_pool/backend/redis_cluster/node_address.hpp"
#include "caf_pool/core/random.hpp"
#include "caf_pool/core/time.hpp"

#include <optional>

namespace caf_pool::cluster {

/// How often a cluster is asked for its table.
struct refresh_config {
  /// The pause after a refresh that brought something new.
  duration least = std::chrono::milliseconds{100};
  /// Each refresh that brings nothing new doubles the pause, up to this.
  duration most = std::chrono::seconds{5};
  /// The longest pause while a node does not answer or the cluster is down,
  /// and calls wait for that to end.
  duration urgent = std::chrono::milliseconds{300};
  /// A refresh that nobody wants is due after this time.
  duration idle = std::chrono::seconds{60};
  /// Each pause is drawn from so many percent around it.
  unsigned jitter_percent = 20;
};

/// Decides when a cluster is asked for its table. All callers of a pool share
/// one policy, so that a thousand of them who meet MOVED are one refresh.
///
/// ~~~
///          want                    now >= next()
///   quiet ------> wanted (pause) ----------------> asking
///     ^  \___________________________________________^ |
///     |                     idle                       |
///     +------------------------------------------------+
///                  finished, wanted again if `want` came meanwhile
/// ~~~
///
/// Reasons to want a table: MOVED (the slot itself is learned at once), a lost
/// connection to a node, a slot that no node serves. None are ASK, TRYAGAIN and
/// timeouts.
///
/// Thread-safety: none.
class refresh_policy {
public:
  /// The first table is wanted at once.
  refresh_policy(const refresh_config& config, random_source random);

  /// Somebody has a reason to want a newer table. `whom` is the node to ask
  /// first: the one that sent the MOVED.
  void want(time_point now, std::optional<node_address> whom = std::nullopt);

  /// As above, by a call that waits for another master of its slot: the pause
  /// of the next refresh is `urgent` at most.
  void want_urgently(time_point now);

  /// Returns when the next refresh is due: `never` while one is under way.
  time_point next() const noexcept;

  /// Tells whether to begin a refresh now; true makes it begin. `finished`
  /// must follow.
  bool begin(time_point now);

  /// A refresh is over. `changed` if it brought a table that serves slots in
  /// another way.
  void finished(time_point now, bool changed);

  /// A refresh is over that got no answer, or a table that is not accepted. It
  /// counts as one that brought nothing new, and a table stays wanted.
  void failed(time_point now);

  bool asking() const noexcept {
    return asking_;
  }

  /// The node to ask first, if there is a reason.
  const std::optional<node_address>& whom() const noexcept {
    return whom_;
  }

private:
  duration spread(duration x);
  void end(time_point now, bool changed);

  refresh_config config_;
  random_source random_;
  std::optional<node_address> whom_;
  bool wanted_ = true;
  bool urgent_ = false;
  /// What the refresh under way was wanted for.
  bool by_request_ = false;
  bool asking_ = false;
  duration pause_;
  time_point begun_{};
  /// No refresh before this one.
  time_point earliest_{};
  time_point idle_due_ = never;
};

} // namespace caf_pool::cluster
