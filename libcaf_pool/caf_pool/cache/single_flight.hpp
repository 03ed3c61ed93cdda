#pragma once

#include "caf_pool/cache/cached.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace caf_pool {

/// Lets one caller at a time compute the value of a key. The others wait and
/// share what comes of it, be it an error.
///
/// A leader that leaves without an outcome (it was cancelled, it threw) hands
/// over: one of those who wait leads next.
///
/// Thread-safety: any thread may call it. It must outlive its seats.
class single_flight {
  struct flight;

public:
  using outcome_type = result<cache_answer>;

  /// The place of a caller: it leads, or has what the leader shared, or has
  /// neither because its time is over.
  class seat {
  public:
    seat() = default;

    seat(seat&& x) noexcept
      : owner_(std::exchange(x.owner_, nullptr)),
        flight_(std::move(x.flight_)),
        shared_(std::move(x.shared_)) {
      // nop
    }

    seat& operator=(seat&&) = delete;

    /// A leader that did not land hands over.
    ~seat();

    bool leads() const noexcept {
      return owner_ != nullptr;
    }

    /// Returns what the leader shared; null if there is nothing.
    const outcome_type* shared() const noexcept {
      return shared_ ? &*shared_ : nullptr;
    }

    /// Shares the outcome with those who wait, and ends the lead.
    void land(const outcome_type& outcome);

  private:
    friend class single_flight;

    single_flight* owner_ = nullptr;
    std::shared_ptr<flight> flight_;
    std::optional<outcome_type> shared_;
  };

  single_flight() = default;

  single_flight(const single_flight&) = delete;
  single_flight& operator=(const single_flight&) = delete;

  /// Leads at once if nobody does; otherwise waits until the leader lands, or
  /// hands over to this caller, or the deadline has passed.
  seat join(const std::string& key, time_point deadline);

  /// Leads at once, or not at all.
  seat try_lead(const std::string& key);

  /// Lets callers that come from now on begin anew: they do not share what a
  /// leader began to compute before.
  void forget(const std::string& key);
  void forget_all();

  /// Returns how many callers wait.
  std::size_t waiting() const;

private:
  seat lead(const std::string& key, std::shared_ptr<flight> x);
  void remove(const flight& x);
  void land(flight& x, const outcome_type& outcome);
  void hand_over(flight& x);

  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<flight>> flights_;
  std::size_t waiting_ = 0;
};

} // namespace caf_pool
