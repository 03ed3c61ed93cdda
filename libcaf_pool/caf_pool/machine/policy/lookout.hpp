#pragma once

#include "caf_pool/core/error.hpp"
#include "caf_pool/core/random.hpp"
#include "caf_pool/core/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace caf_pool {

/// Decides when to look whether a server that failed is back, and when to log
/// in to it before backoff and breaker would.
///
/// ~~~
///             watch                  a look finds nobody: another one soon
///   resting ---------> watching <--------------+
///      ^                 |  \__________________|
///      | rest            | a look finds somebody
///      |                 v
///      +------------- listening   logs in; later again if that failed
/// ~~~
///
/// A look that finds nobody costs the server nothing, so the first looks come
/// every `quick`, later ones up to `slow` apart. A server that listens but
/// lets nobody in is asked again after an eighth of the time that this has
/// lasted. Looks that somebody took and logins are connects: while the limit
/// holds there are at most `most` of them in a `window`. All intervals are
/// shortened by a random part, so that many pools do not look at once.
///
/// Thread-safety: like a plain value.
class lookout {
public:
  enum class move { none, look, login };

  static constexpr duration quick = std::chrono::milliseconds{50};
  static constexpr duration slow = std::chrono::milliseconds{700};
  /// Looks come every `quick` so long.
  static constexpr duration fresh = std::chrono::seconds{30};
  static constexpr std::size_t most = 8;
  static constexpr duration window = std::chrono::milliseconds{1050};

  explicit lookout(random_source random) : random_(random) {
    // nop
  }

  /// The server has failed: looks for it from now on. Connects up to its last
  /// success were no part of this and count no more.
  void watch(time_point now, time_point well_at);

  /// A connection proved healthy: there is nothing to look for.
  void rest(time_point now);

  /// Another way to the server, or somebody who knows more than this.
  void start_over();

  /// Whoever looks died: his answer may never come.
  void forget_look() noexcept {
    overdue_at_ = never;
  }

  /// What to do now.
  move next_move(time_point now) const;

  /// Returns when `next_move` may say something else; `never` if it will not.
  time_point next_wakeup() const;

  /// Begins a look; returns its number. Without an answer until `overdue_at`
  /// it has found nobody.
  std::uint64_t look(time_point now, time_point overdue_at);

  /// Takes the answer to a look, of the backend's `reachable`. If it found the
  /// server after others in vain, returns when the last of those began: what
  /// was sent before is lost.
  std::optional<time_point> looked(std::uint64_t number, const error& why,
                                   time_point now);

  /// Gives up on a look that is overdue.
  void give_up(time_point now);

  /// A connect begins, whoever wanted it.
  void connected(time_point now) noexcept;

  /// A login that `next_move` asked for begins, failed, or cannot begin.
  void logs_in(time_point now);
  void login_failed(time_point now);
  void postpone_login(time_point now);

  /// Tells whether connects are limited: until a while after the server is
  /// back.
  bool limits(time_point now) const noexcept;

  bool may_connect(time_point now) const noexcept {
    return !limits(now) || free_at() <= now;
  }

  /// Returns when there is room for a connect. A look that is under way may
  /// become one.
  time_point free_at() const noexcept {
    return free_for(looking() ? 2 : 1);
  }

  /// The pool has all that it wants.
  void satisfied(time_point now) noexcept;

  /// Tells whether looks cannot be had.
  bool blind() const noexcept {
    return blind_;
  }

private:
  bool looking() const noexcept {
    return overdue_at_ != never;
  }

  bool listening() const noexcept {
    return listening_since_ != never;
  }

  /// Returns when there is room for so many connects.
  time_point free_for(std::size_t wanted) const noexcept;

  duration shortened(duration x);
  duration interval(time_point now);
  duration pause(time_point now) const noexcept;
  void found(time_point now);
  void missed(bool connect, time_point now);

  random_source random_;
  bool blind_ = false;
  /// Since when the server fails; `never` while it does not.
  time_point since_ = never;
  /// Since when it listens and lets nobody in.
  time_point listening_since_ = never;
  /// Since when it takes connects, but says that it takes no logins yet.
  time_point starting_since_ = never;
  /// When the last look that found nobody began; `never` once somebody was
  /// found.
  time_point missing_at_ = never;
  /// The last look found somebody, and no login was begun since.
  bool sure_ = false;
  time_point next_ = never;
  time_point overdue_at_ = never;
  time_point look_began_{};
  std::uint64_t number_ = 0;
  /// When the last connects began; the oldest is the next to be replaced.
  std::array<time_point, most> connects_{};
  std::size_t oldest_ = 0;
  time_point rests_since_ = never;
  time_point limited_until_{};
};

} // namespace caf_pool
