#pragma once

#include "caf_pool/any_pool.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/work.hpp"
#include "caf_pool/redis/redis_lane.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace caf_pool {

struct redis_options;

/// The shared lanes of a pool, and who goes over them: single commands and
/// pipelines of commands that leave nothing behind, when more callers are at
/// work than the pool has connections for. Everybody else has a lease.
///
/// Thread-safety: any thread.
class redis_lanes {
public:
  /// Reads the pool's options. Null if nothing is shared.
  static std::shared_ptr<redis_lanes> of(const pool_config& config);

  redis_lanes(const redis_options& options, std::uint32_t few,
              const lane_limits& limits);

  /// A caller at work, whichever way it goes.
  class visit {
  public:
    explicit visit(redis_lanes& where) noexcept
      : where_(where), number_(where.callers_.fetch_add(1) + 1) {
      // nop
    }

    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;

    ~visit() {
      if (where_.callers_.fetch_sub(1) == 1 && where_.ending_)
        where_.callers_.notify_all();
    }

    /// There are more callers than a connection each would do for.
    bool crowded() const noexcept {
      return number_ > where_.few_;
    }

  private:
    redis_lanes& where_;
    std::uint32_t number_;
  };

  /// Runs commands over a lane. Returns nothing if they need a lease, which may
  /// turn out late: the limits of `how` are shortened then.
  std::optional<result<outcome>> run(any_pool& pool, const redis_commands& what,
                                     acquire_options& how);

  /// Tells whether commands that a lane lost may be tried once more, by a
  /// lease.
  bool may_repeat(const result<outcome>& done,
                  const acquire_options& how) const;

  /// Waits until nobody is at work. The pool must be drained.
  void end() noexcept;

private:
  bool takes(const redis_commands& what, const acquire_options& how) const;
  redis_lane& choose() noexcept;

  const std::uint32_t few_;
  const bool repeats_;
  const lane_limits limits_;
  std::atomic<std::uint32_t> callers_ = 0;
  std::atomic<bool> ending_ = false;
  std::vector<std::unique_ptr<redis_lane>> lanes_;

  friend class visit;
};

} // namespace caf_pool
