#pragma once

#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/pool_snapshot.hpp"
#include "caf_pool/core/random.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/machine/policy/breaker_memory.hpp"
#include "caf_pool/machine/policy/call_window.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace caf_pool {

/// Decides whether a server may be bothered.
///
/// ~~~
///             too many failures, or too slow
///   closed ------------------------------------> open
///     ^                                          |  ^
///     | as many trials succeeded     open time   |  | too many trials failed
///     | as there are permits         is over     v  | or never ended
///     +-------------------------------------- half_open
///
///   forced_open, forced_closed: by an operator, left by an operator only
/// ~~~
///
/// A trial of half_open is a lease: it ends in exactly one of `succeeded`,
/// `failed` or `ignored`, or as a failure by the half-open limit. There are
/// never more trials than could still be needed to close. They fail together
/// when the failed ones are `failure_percent` of the permits; with one permit
/// that is the first failure. While closed, permits are neither limited nor
/// kept. A result of another epoch, or of a trial that has ended, changes
/// nothing but a counter. Rejections and queue timeouts are never reported
/// here. Every input that takes `now` lets time pass first, as `tick` does.
///
/// Thread-safety: like a plain value.
class circuit_breaker {
public:
  /// Leave to bother the server once.
  struct permit {
    std::uint64_t epoch = 0;
    std::uint64_t id = 0;
    friend bool operator==(const permit&, const permit&) = default;
  };

  /// A change of state, in order of occurrence.
  struct transition {
    breaker_state from;
    breaker_state to;
    friend bool operator==(const transition&, const transition&) = default;
  };

  using memory = breaker_memory;

  circuit_breaker(const breaker_config& config, random_source random);

  memory remember() const {
    return memory_;
  }

  void restore(memory x);

  /// Asks for leave. Lazily half-opens when the open time is over.
  std::optional<permit> try_acquire(time_point now);

  void succeeded(permit x, duration took, time_point now);
  void failed(permit x, duration took, time_point now);

  /// The call says nothing about the server: the caller's own mistake, a
  /// cancel, a holder that died.
  void ignored(permit x, time_point now);

  /// Counts calls that went without a permit while closed (fast lane). Their
  /// order is unknown: one success ends the failures in a row.
  void observed(std::uint64_t successes, std::uint64_t failures,
                time_point now);

  /// Lets time pass: half-opens, gives up trials that never ended.
  void tick(time_point now);

  /// Puts the state in force that an operator wants. Returns false if that is
  /// illegal: half_open when closed, half_open or open when turned off.
  bool force(breaker_state to, time_point now);

  breaker_state state() const noexcept {
    return memory_.state;
  }

  /// Tells whether calls may pass without a permit.
  bool closed() const noexcept {
    return memory_.state == breaker_state::closed
           || memory_.state == breaker_state::forced_closed;
  }

  /// Returns how long it stays open yet; zero unless open.
  duration open_for(time_point now) const noexcept;

  /// Returns when `tick` has something to do; `never` if there is nothing.
  time_point next_wakeup() const noexcept;

  bool opened_for_slowness() const noexcept {
    return memory_.slow;
  }

  std::uint64_t epoch() const noexcept {
    return memory_.epoch;
  }

  std::uint64_t late_results() const noexcept {
    return memory_.late_results;
  }

  /// Returns the changes since the last call and forgets them.
  std::vector<transition> take_transitions();

  bool has_transitions() const noexcept {
    return !transitions_.empty();
  }

  /// Puts new settings in force. Turning the breaker off closes it unless an
  /// operator forced it.
  void configure(const breaker_config& x);

private:
  struct trial {
    std::uint64_t id;
    time_point limit;
  };

  bool accept(permit x);
  void report(permit x, bool failure, duration took, time_point now);
  void count_failures_in_row(std::uint64_t x) noexcept;
  void count(const call_window::counts& x, time_point now);
  void judge_trials(time_point now);
  void open(time_point now, bool slow = false);
  void close();
  void enter(breaker_state to);

  breaker_config config_;
  random_source random_;
  memory memory_;
  std::uint64_t last_id_ = 0;
  std::vector<trial> trials_;
  call_window::counts ended_trials_;
  std::vector<transition> transitions_;
};

} // namespace caf_pool
