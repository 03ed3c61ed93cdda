#pragma once

#include "caf_pool/backend/postgres/pg_interrupter.hpp"
#include "caf_pool/core/time.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace caf_pool {

class pg_watch;

/// A thread that minds the deadlines of statements, for all connections of a
/// backend: asks the server to stop a statement at its deadline, and shuts the
/// socket if there is no answer after a grace.
///
/// Statements can so wait for their answers without a timeout, which is worth a
/// lot: a poll with one costs a twentieth of a short statement. To be watched
/// costs two atomic writes; the thread sleeps until the earliest deadline that
/// it knows, and looks at all of them when that is over, outdated or not.
///
/// Besides, it gives the memory of large results back to the system a moment
/// after they came, because their callers free it and the allocator keeps it.
///
/// Thread-safety: any thread at any time.
class pg_watchdog {
public:
  /// Starts the thread. Throws `std::system_error` if there is none left.
  pg_watchdog();

  pg_watchdog(const pg_watchdog&) = delete;
  pg_watchdog& operator=(const pg_watchdog&) = delete;

  ~pg_watchdog();

private:
  friend class pg_watch;

  void add(pg_watch* x);
  void remove(pg_watch* x);
  void wake();
  void run();
  time_point look_at_all();
  time_point earliest() const noexcept;

  time_point give_memory_back(std::unique_lock<std::mutex>& guard);

  std::mutex mtx_;
  std::condition_variable changed_;
  std::vector<pg_watch*> watches_;
  // When the thread will look next.
  std::atomic<duration::rep> next_look_ = 0;
  // How often the allocator is to be asked for what nobody uses, and when.
  std::atomic<int> memory_rounds_ = 0;
  time_point memory_due_ = never;
  bool stopping_ = false;
  std::thread thread_;
};

/// What the watchdog knows of one connection.
///
/// Thread-safety: `arm` and `disarm` belong to the connection's thread.
class pg_watch {
public:
  pg_watch(std::shared_ptr<pg_watchdog> dog, pg_interrupter& interrupter);

  pg_watch(const pg_watch&) = delete;
  pg_watch& operator=(const pg_watch&) = delete;

  ~pg_watch();

  /// From now on a statement is running, which must end at `deadline`.
  void arm(time_point deadline, duration time_to_stop) noexcept;

  /// The statement has ended. Returns whether the server was asked to stop it;
  /// if so, that request is known to the interrupter by now.
  bool disarm() noexcept;

  /// A large result came: its memory goes back to the system when it is free.
  void give_memory_back() noexcept;

  /// Tells whether a statement is running; from any thread.
  bool armed() const noexcept {
    return due_.load() != nothing;
  }

private:
  friend class pg_watchdog;

  static constexpr duration::rep nothing = never.time_since_epoch().count();

  void look(time_point now);

  std::shared_ptr<pg_watchdog> dog_;
  pg_interrupter& interrupter_;
  // What the connection's thread wrote last.
  duration::rep armed_ = nothing;
  // When to act. The dog moves it by the grace when it acts first.
  std::atomic<duration::rep> due_ = nothing;
  std::atomic<duration::rep> time_to_stop_ = 0;
  // Whether the server was asked to stop; guarded by the dog's mutex.
  bool asked_ = false;
};

} // namespace caf_pool
