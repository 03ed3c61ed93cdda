#pragma once

#include "caf_pool/core/time.hpp"
#include "caf_pool/net/stream/stream_wait.hpp"

#include <atomic>
#include <cstddef>
#include <span>
#include <string_view>

namespace caf_pool {

/// A connected stream socket whose calls end at a deadline. An answer that
/// comes in time costs one call of the system, as with a socket that just
/// blocks: the socket has a time limit of its own, which is changed only when
/// it does not fit the deadline. That limit has the resolution of the kernel's
/// ticks, so the last milliseconds before a deadline are waited for by `poll`.
///
/// No call raises SIGPIPE.
///
/// Thread-safety: one thread at a time, but for `abort`.
class timed_socket {
public:
  /// Takes a socket in blocking mode.
  explicit timed_socket(int fd) noexcept : fd_(fd) {
    // nop
  }

  timed_socket(const timed_socket&) = delete;
  timed_socket& operator=(const timed_socket&) = delete;

  ~timed_socket();

  /// Reads what has come, at least one byte.
  stream_wait receive(std::span<char> room, std::size_t& count,
                      time_point deadline) noexcept;

  /// Reads what has come; `done` and no byte if that is nothing.
  stream_wait receive_now(std::span<char> room, std::size_t& count) noexcept;

  /// Sends what the system takes; `done` and no byte if that is nothing.
  stream_wait send_now(std::string_view bytes, std::size_t& count) noexcept;

  /// Waits until the socket is ready for one of `events`. Returns what it is
  /// ready for, or 0 at the deadline.
  short wait(short events, time_point deadline) noexcept;

  /// Tells whether nothing came and nobody hung up.
  bool quiet() noexcept;

  /// Ends both directions; the descriptor is kept.
  void shut_down() noexcept;

  /// Makes all calls fail, also one that waits. From any thread, at any time
  /// while the object lives.
  void abort() noexcept;

  bool aborted() const noexcept {
    return aborted_.load();
  }

  /// What the system said when a call failed last (`errno`); 0 for nothing.
  int last_error() const noexcept {
    return last_error_;
  }

  int descriptor() const noexcept {
    return fd_;
  }

private:
  stream_wait receive_some(std::span<char> room, std::size_t& count,
                           int flags) noexcept;
  stream_wait fail(int code) noexcept;
  bool fits(duration left) const noexcept;
  bool limit_waiting(duration left) noexcept;

  int fd_;
  int last_error_ = 0;
  /// SO_RCVTIMEO of the socket; zero for none.
  duration limit_{};
  std::atomic<bool> aborted_ = false;
};

} // namespace caf_pool
