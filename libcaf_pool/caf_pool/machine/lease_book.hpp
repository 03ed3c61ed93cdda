#pragma once

#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/pool_snapshot.hpp"
#include "caf_pool/core/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace caf_pool {

/// One holding of a connection, be it granted by the machine or taken from the
/// front.
struct lease_entry {
  lease_id id;
  /// Holder for people: "thread 12 at orders.cpp:57", "remote app-1".
  std::string holder;
  time_point since{};
  /// The holder said that it needs this long; zero: the pool's threshold.
  duration expected = duration::zero();
  bool suspected = false;
  bool revoked = false;
  /// Taken from the front: the machine only saw it.
  bool from_front = false;

  friend bool operator==(const lease_entry&, const lease_entry&) = default;
};

/// Knows who holds what since when, and notices holders that do not let go.
///
/// ~~~
///   held --(leak_threshold)--> suspected --(leak_revoke)--> revoked
///     \___________ released at any time ______________________/
/// ~~~
///
/// Thread-safety: like a plain value.
class lease_book {
public:
  /// Notes a lease. At most one per connection.
  void open(lease_entry entry);

  /// Forgets the lease of a connection and returns what was known.
  std::optional<lease_entry> close(connection_id connection);

  const lease_entry* find(connection_id connection) const noexcept;

  /// Tells whether `id` names the present lease of its connection. Leases from
  /// the front never do: the front fences its holders itself, and its
  /// generations are not the machine's.
  bool valid(const lease_id& id) const noexcept;

  /// Takes note of a holding in the front; a known one changes nothing. Returns
  /// the holding that this one replaces, if it had been suspected.
  std::optional<lease_entry> seen_in_front(lease_entry entry);

  struct findings {
    std::vector<lease_entry> suspected;
    std::vector<lease_entry> to_revoke;
  };

  /// Returns leases that passed a threshold since the last look; each lease
  /// appears once per list. Zero thresholds never pass. Whoever said that it
  /// needs longer than a threshold has that long.
  findings check(duration threshold, duration revoke, time_point now);

  /// Returns when `check` may find something.
  time_point next_check(duration threshold, duration revoke) const noexcept;

  /// The same for one lease.
  static time_point next_check(const lease_entry& x, duration threshold,
                               duration revoke) noexcept;

  std::vector<lease_info> list(time_point now) const;

  std::optional<lease_entry> oldest() const;

  std::size_t size() const noexcept {
    return entries_.size();
  }

  const std::map<connection_id, lease_entry>& entries() const noexcept {
    return entries_;
  }

private:
  std::map<connection_id, lease_entry> entries_;
};

} // namespace caf_pool
