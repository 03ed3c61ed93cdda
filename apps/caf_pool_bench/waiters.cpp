#include "waiters.hpp"

#include "caf_pool/actor/pool_supervisor.hpp"
#include "caf_pool/any_pool.hpp"
#include "caf_pool/backend/testing/scripted.hpp"
#include "caf_pool/front/wait_node.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <future>
#include <malloc.h>
#include <stdexcept>
#include <thread>
#include <vector>

namespace caf_pool::bench {

namespace {

constexpr auto patience = std::chrono::seconds{60};

double heap_bytes() {
  auto x = ::mallinfo2();
  return static_cast<double>(x.uordblks) + static_cast<double>(x.hblkhd);
}

double millis(duration x) {
  return std::chrono::duration<double, std::milli>(x).count();
}

/// Callers in the queue of a pool whose only connection is held.
class crowd {
public:
  explicit crowd(std::size_t count) : due_(count), heard_(count), ids_(count) {
    pool_config config;
    config.max_size = 1;
    config.max_waiters = static_cast<std::uint32_t>(count);
    db_.emplace(config, std::make_shared<scripted_backend>());
    held_ = db_->acquire().value();
  }

  /// Queues one caller per deadline: `first`, and each `step` later than the
  /// one before.
  void queue(time_point first, duration step) {
    done_ = 0;
    auto& port = *db_->actors().estate;
    for (std::size_t i = 0; i < due_.size(); ++i) {
      due_[i] = first + step * static_cast<duration::rep>(i);
      auto wish = acquire_input{};
      wish.caller = ids_[i] = port.next_ticket();
      wish.how.wait_until = due_[i];
      wish.how.holder = "a caller of the benchmark";
      auto ends = make_waiter([this, i](const result<loan>&) {
        heard_[i] = clock::now();
        ++done_;
      });
      port.queue(std::move(wish), std::move(ends.second));
    }
    // On a busy machine the first have heard before the last is in the queue.
    wait_for([this] {
      auto heard = done_.load();
      return heard + db_->snapshot().value().gauges.waiting >= due_.size();
    });
  }

  /// Withdraws all; returns how long the slowest took.
  duration withdraw() {
    for (std::size_t i = 0; i < due_.size(); ++i) {
      due_[i] = clock::now();
      db_->actors().estate->withdraw(ids_[i]);
    }
    return latest();
  }

  /// Waits until all have heard; returns how late the latest was.
  duration latest() {
    wait_for([this] { return done_ == due_.size(); });
    auto result = duration::min();
    for (std::size_t i = 0; i < due_.size(); ++i)
      result = std::max(result, heard_[i] - due_[i]);
    return result;
  }

private:
  template <class Predicate>
  void wait_for(Predicate pred) {
    auto deadline = clock::now() + patience;
    while (!pred()) {
      if (clock::now() >= deadline)
        throw std::runtime_error{"the callers in the queue hear nothing"};
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }

  std::vector<time_point> due_;
  std::vector<time_point> heard_;
  std::vector<ticket> ids_;
  std::atomic<std::size_t> done_{0};
  std::optional<any_pool> db_;
  lease held_;
};

/// How late a thread is that sleeps until some moments.
duration sleep_through(time_point first, duration step, int times) {
  auto result = duration::min();
  for (int i = 0; i < times; ++i) {
    auto due = first + step * i;
    std::this_thread::sleep_until(due);
    result = std::max<duration>(result, clock::now() - due);
  }
  return result;
}

} // namespace

waiter_figures measure_waiters(std::size_t count) {
  constexpr auto step = std::chrono::microseconds{50};
  constexpr auto later = std::chrono::seconds{1};
  waiter_figures result;
  crowd x{count};
  auto before = heap_bytes();
  x.queue(clock::now() + patience, step);
  result.bytes = (heap_bytes() - before) / static_cast<double>(count);
  result.latest_withdrawal = millis(x.withdraw());
  x.queue(clock::now() + later, step);
  result.latest_expiry = millis(x.latest());
  result.latest_sleeper = millis(sleep_through(clock::now(), 50 * step, 200));
  return result;
}

double promise_bytes(std::size_t count) {
  auto before = heap_bytes();
  std::deque<std::promise<int>> promises;
  std::deque<std::future<int>> futures;
  for (std::size_t i = 0; i < count; ++i)
    futures.push_back(promises.emplace_back().get_future());
  return (heap_bytes() - before) / static_cast<double>(count);
}

} // namespace caf_pool::bench
