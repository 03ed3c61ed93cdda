#pragma once

#include "caf_pool/admin/overview.hpp"
#include "caf_pool/core/backend_families.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace caf_pool {

/// Decides when to look at the pools, and keeps what the last look has found.
/// Does nothing itself: whoever owns it asks the manager and tells the outcome.
///
///        want()            start()           done()
///   idle -------> look due -------> looking -------> idle, or due again
///                                      |
///                                      | no answer for `patience`: lost,
///                                      v the next one may start
///
/// One look runs at a time, however many requests come. A request is only
/// satisfied by a look that started after it came, so that it sees everything
/// that was done before it. Looks are numbered: a late answer never replaces a
/// newer one, so that counters never go back.
///
/// Thread-safety: one thread at a time.
class pool_watch {
public:
  using wall_time = std::chrono::system_clock::time_point;

  /// A look without an answer for so long is given up.
  static constexpr duration answer_limit = std::chrono::seconds{5};

  /// A backend that is not among `families` is a database.
  explicit pool_watch(backend_families families = {})
    : families_(std::move(families)) {
    // nop
  }

  /// Takes note that somebody wants to know. Returns the number of the look
  /// that will satisfy it.
  std::uint64_t want() noexcept;

  /// Returns the number of the look to start now, if one is due.
  std::optional<std::uint64_t> start(time_point now) noexcept;

  /// Takes the outcome of a look.
  void done(std::uint64_t look, result<std::vector<pool_snapshot>> found,
            time_point now, wall_time wall);

  /// Tells whether the look of that number or a later one has succeeded.
  bool satisfied(std::uint64_t look) const noexcept {
    return look <= newest_;
  }

  /// Tells whether that look has ended, be it in vain.
  bool ended(std::uint64_t look) const noexcept {
    return look <= ended_;
  }

  /// Returns what is known, marked as stale unless `look` has succeeded.
  pool_overview report(std::uint64_t look, time_point now) const;

private:
  void remember(std::vector<pool_snapshot> found, wall_time wall);

  backend_families families_;
  /// Number of the last look that was started, wanted, has ended, has
  /// succeeded.
  std::uint64_t started_ = 0;
  std::uint64_t wanted_ = 0;
  std::uint64_t ended_ = 0;
  std::uint64_t newest_ = 0;
  time_point started_at_{};
  /// When the pools were as we know them.
  time_point taken_at_{};
  std::vector<pool_record> pools_;
  error trouble_;
};

} // namespace caf_pool
