#pragma once

#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/memo.hpp"
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
  /// What the holder allowed for waiting and use together; zero: nothing said.
  duration limit = duration::zero();
  bool suspected = false;
  bool revoked = false;
  /// In the front: the machine only saw it.
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
/// The place of a lease that ended is kept for the next one of its connection,
/// because leases change far more often than connections do.
///
/// Thread-safety: like a plain value.
class lease_book {
public:
  /// Notes a lease. At most one per connection.
  void open(lease_entry entry);

  /// Forgets the lease of a connection and returns what was known.
  std::optional<lease_entry> close(connection_id connection);

  const lease_entry* find(connection_id connection) const noexcept;

  /// Tells whether `id` names the present lease of its connection. Holdings in
  /// the front never do: it fences them itself, until they are claimed.
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

  /// Returns the lease that is held longest, or nullptr if there is none.
  const lease_entry* oldest() const noexcept;

  std::size_t size() const noexcept {
    return open_;
  }

  /// All leases, ordered by connection.
  std::vector<lease_entry> entries() const;

private:
  using places = std::map<connection_id, lease_entry>;

  const lease_entry* look_up(connection_id connection) const noexcept;
  lease_entry* look_up(connection_id connection) noexcept;

  /// Forgets the places of connections that are gone.
  void tidy();

  /// A place without a lease has no lease id.
  places places_;
  std::size_t open_ = 0;
  /// One input mostly asks for one connection, again and again.
  mutable memo<const places::value_type> last_found_;
};

} // namespace caf_pool
