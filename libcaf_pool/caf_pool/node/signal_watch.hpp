#pragma once

#include "caf_pool/core/time.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

namespace caf_pool {

/// What the outside world asks of a node.
enum class node_signal : std::uint8_t {
  /// Nothing came in time.
  none,
  /// SIGTERM or SIGINT.
  stop,
  /// SIGHUP.
  reload,
};

/// Blocks the signals that a `signal_watch` takes, in this thread and all that
/// it starts, and ignores SIGPIPE, which drivers cause.
void block_signals();

/// Takes signals on a thread of its own, so that a second SIGTERM works
/// whatever the node waits for, and so that the end has a limit.
///
/// Thread-safety: all members from any thread.
class signal_watch {
public:
  /// Runs on the watch's thread; must not return before it is time to end the
  /// process.
  using last_words = std::function<void()>;

  /// Requires `block_signals`. Calls `at_once` when somebody asks a second time
  /// to stop, `too_late` when the end takes longer than it may. The process
  /// ends after either, with EXIT_FAILURE.
  signal_watch(last_words at_once, last_words too_late);

  signal_watch(const signal_watch&) = delete;
  signal_watch& operator=(const signal_watch&) = delete;

  ~signal_watch();

  /// Waits for a signal.
  node_signal next(duration limit);

  /// From now on the object has so long to be destroyed.
  void limit_end(duration limit);

private:
  void run();
  void take(int number);
  int milliseconds_left();
  void wake() noexcept;

  last_words at_once_;
  last_words too_late_;
  /// Wakes the thread.
  int bell_;
  std::mutex mutex_; // guards what follows
  std::condition_variable came_;
  bool stop_ = false;
  bool stop_taken_ = false;
  bool reload_ = false;
  bool over_ = false;
  time_point deadline_ = never;
  std::thread thread_;
};

} // namespace caf_pool
