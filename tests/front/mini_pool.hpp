#pragma once

#include "caf_pool/front/slot_table.hpp"
#include "caf_pool/front/wait_node.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

namespace caf_pool::test {

/// The smallest pool around a slot table: one thread with a mailbox instead of
/// an actor, a queue instead of a machine, objects instead of connections.
///
/// Thread-safety: `acquire`, `give_back` and `order` from any thread.
class mini_pool {
public:
  /// What is lent. Whoever holds it may change it without further ado.
  struct object {
    std::uint64_t uses = 0;
    std::atomic<int> holders{0};
  };

  explicit mini_pool(slot_index size, std::uint32_t tries = 32,
                     std::uint32_t spins = 0);

  mini_pool(const mini_pool&) = delete;
  mini_pool& operator=(const mini_pool&) = delete;

  /// Ends like a pool that is closed: who waits gets an error, who holds may
  /// go on.
  ~mini_pool();

  /// Takes from the front or waits in the queue. Nothing at the deadline.
  std::optional<result<loan>> acquire(time_point deadline);

  /// Does something on the pool's thread.
  void order(std::function<void(mini_pool&)> what);

  // -- on the pool's thread ---------------------------------------------------

  slot_table& table() noexcept {
    return *table_;
  }

  void grow();
  void recall(slot_index i);
  void revoke(slot_index i);

  /// The actor dies and a successor takes over: messages and waiters are lost.
  void restart();

  // -- when nobody does anything any more -------------------------------------

  /// Tells whether every connection is free to be taken.
  bool at_rest();

  std::uint64_t total_uses() const;

  std::uint64_t waits() const noexcept {
    return waits_.load();
  }

private:
  class sink;

  struct mailbox {
    using message
      = std::variant<granter, slot_index, std::function<void(mini_pool&)>>;
    std::mutex mutex;
    std::condition_variable_any filled;
    std::deque<message> messages;
    void put(message x);
  };

  void run(std::stop_token stop);
  void handle(granter& x);
  void handle(slot_index i);
  void handle(std::function<void(mini_pool&)>& x);
  void serve();
  void set_shut(bool x);

  std::shared_ptr<mailbox> box() {
    std::lock_guard guard{box_mutex_};
    return box_;
  }

  std::uint32_t tries_;
  std::uint32_t spins_;
  std::mutex box_mutex_;
  std::shared_ptr<mailbox> box_ = std::make_shared<mailbox>();
  std::shared_ptr<slot_table> table_ = slot_table::make();
  std::shared_ptr<std::deque<object>> objects_
    = std::make_shared<std::deque<object>>();
  std::deque<granter> waiting_;
  std::vector<slot_index> idle_;
  bool shut_ = false;
  std::atomic<std::uint64_t> waits_{0};
  std::jthread thread_;
};

} // namespace caf_pool::test
