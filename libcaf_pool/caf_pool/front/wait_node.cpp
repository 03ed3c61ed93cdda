#include "caf_pool/front/wait_node.hpp"

#include "caf_pool/front/pause.hpp"
#include "caf_pool/front/slot_lender.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace caf_pool {

// -- node ---------------------------------------------------------------------

class wait_node {
public:
  wait_node() = default;

  explicit wait_node(grant_handler handler) : handler_(std::move(handler)) {
    // nop
  }

  wait_node(const wait_node&) = delete;
  wait_node& operator=(const wait_node&) = delete;

  /// The granter's turn.
  bool settle(result<loan> outcome) {
    auto before = state_.load(std::memory_order_relaxed);
    do {
      if (before != waiting && before != asleep)
        return false;
    } while (!state_.compare_exchange_weak(before, claimed,
                                           std::memory_order_acq_rel));
    if (handler_) {
      std::exchange(handler_, nullptr)(std::move(outcome));
      state_.store(settled, std::memory_order_release);
    } else {
      outcome_.emplace(std::move(outcome));
      wake(before == asleep);
    }
    return true;
  }

  bool is_waiting() const noexcept {
    auto x = state_.load(std::memory_order_acquire);
    return x == waiting || x == asleep;
  }

  /// The waiter's turn. Returns true if the granter will not come any more.
  bool cancel() noexcept {
    auto before = state_.load(std::memory_order_relaxed);
    do {
      if (before != waiting && before != asleep)
        return before == cancelled;
    } while (!state_.compare_exchange_weak(before, cancelled,
                                           std::memory_order_acq_rel));
    handler_ = nullptr;
    return true;
  }

  /// Sleeps until the granter came. Returns false if the deadline came first.
  bool wait_until(time_point deadline, std::uint32_t spins) noexcept {
    // Never by yielding: on a busy machine that costs more than the sleep.
    for (std::uint32_t n = 0; n < spins && is_waiting(); ++n)
      pause_briefly();
    auto expected = waiting;
    if (state_.compare_exchange_strong(expected, asleep,
                                       std::memory_order_acq_rel)
        && !sleep_until(deadline) && cancel())
      return false;
    // The granter is between two instructions.
    for (std::uint32_t n = 0; state_.load(std::memory_order_acquire) == claimed;
         ++n)
      pause_after(n);
    return true;
  }

  std::optional<result<loan>> fetch() noexcept {
    return std::exchange(outcome_, std::nullopt);
  }

private:
  enum state { waiting, asleep, claimed, settled, cancelled };

  void wake(bool sleeper) {
    if (!sleeper) {
      state_.store(settled, std::memory_order_release);
      return;
    }
    {
      std::lock_guard guard{mutex_};
      state_.store(settled, std::memory_order_release);
    }
    wake_.notify_one();
  }

  /// Returns false if the deadline came before the granter was done.
  bool sleep_until(time_point deadline) {
    auto done
      = [this] { return state_.load(std::memory_order_acquire) == settled; };
    std::unique_lock guard{mutex_};
    if (deadline != never)
      return wake_.wait_until(guard, deadline, done);
    wake_.wait(guard, done);
    return true;
  }

  std::atomic<state> state_{waiting};
  std::mutex mutex_;
  std::condition_variable wake_;
  grant_handler handler_;
  std::optional<result<loan>> outcome_;
};

// -- granter ------------------------------------------------------------------

granter::granter(std::shared_ptr<wait_node> node) noexcept
  : node_(std::move(node)) {
  // nop
}

granter& granter::operator=(granter&& other) noexcept {
  granter{std::move(*this)}; // ends what this one stood for
  node_ = std::move(other.node_);
  return *this;
}

granter::~granter() {
  if (waiting())
    fail({errc::restarted,
          "the pool's actor ended before it served this caller; nothing was "
          "executed, so the call may be repeated",
          {}});
}

bool granter::grant(const loan& x) {
  auto node = node_; // the handler may destroy this object
  return node != nullptr && node->settle(x);
}

bool granter::fail(error why) {
  auto node = node_;
  return node != nullptr && node->settle(std::move(why));
}

bool granter::waiting() const noexcept {
  return node_ != nullptr && node_->is_waiting();
}

// -- wait_handle --------------------------------------------------------------

wait_handle::wait_handle(std::shared_ptr<wait_node> node) noexcept
  : node_(std::move(node)) {
  // nop
}

wait_handle& wait_handle::operator=(wait_handle&& other) noexcept {
  wait_handle{std::move(*this)}; // gives up what this one stood for
  node_ = std::move(other.node_);
  return *this;
}

wait_handle::~wait_handle() {
  if (node_ == nullptr || node_->cancel())
    return;
  // The granter was faster: nobody else will ever give this loan back.
  if (auto late = wait_until(never); late && late->has_value())
    if (auto& x = **late)
      x.table->give_back(x, condition::clean);
}

std::optional<result<loan>> wait_handle::wait_until(
  time_point deadline, std::uint32_t spins) noexcept {
  if (node_ == nullptr || !node_->wait_until(deadline, spins))
    return std::nullopt;
  return node_->fetch();
}

// -- canceller ----------------------------------------------------------------

canceller::canceller(std::shared_ptr<wait_node> node) noexcept
  : node_(std::move(node)) {
  // nop
}

bool canceller::cancel() noexcept {
  return node_ != nullptr && node_->cancel();
}

// -- factories ----------------------------------------------------------------

std::pair<wait_handle, granter> make_waiter() {
  auto node = std::make_shared<wait_node>();
  return {wait_handle{node}, granter{node}};
}

std::pair<canceller, granter> make_waiter(grant_handler handler) {
  auto node = std::make_shared<wait_node>(std::move(handler));
  return {canceller{node}, granter{node}};
}

} // namespace caf_pool
