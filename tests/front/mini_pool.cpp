#include "front/mini_pool.hpp"

#include "support/eventually.hpp"

namespace caf_pool::test {

// -- messages -----------------------------------------------------------------

void mini_pool::mailbox::put(message x) {
  {
    std::lock_guard guard{mutex};
    messages.push_back(std::move(x));
  }
  filled.notify_one();
}

/// Leads to one life of the actor.
class mini_pool::sink : public release_sink {
public:
  explicit sink(std::shared_ptr<mailbox> box) : box_(std::move(box)) {
    // nop
  }

  void released(slot_index i) noexcept override {
    box_->put(i);
  }

private:
  std::shared_ptr<mailbox> box_;
};

// -- life ---------------------------------------------------------------------

mini_pool::mini_pool(slot_index size, std::uint32_t tries, std::uint32_t spins)
  : tries_(tries), spins_(spins) {
  table_->set_sink(std::make_shared<sink>(box_));
  for (slot_index i = 0; i < size; ++i)
    grow();
  thread_ = std::jthread{[this](std::stop_token stop) { run(stop); }};
}

mini_pool::~mini_pool() {
  thread_.request_stop();
  thread_.join();
  table_->close(std::move(objects_));
}

void mini_pool::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    auto mine = box();
    std::unique_lock guard{mine->mutex};
    auto some = [&] { return !mine->messages.empty(); };
    if (!mine->filled.wait(guard, stop, some))
      return;
    auto next = std::move(mine->messages.front());
    mine->messages.pop_front();
    guard.unlock();
    std::visit([this](auto& x) { handle(x); }, next);
  }
}

void mini_pool::restart() {
  auto fresh = std::make_shared<mailbox>();
  {
    std::lock_guard guard{box_mutex_};
    box_.swap(fresh);
  }
  waiting_.clear();
  {
    std::lock_guard guard{fresh->mutex};
    fresh->messages.clear();
  }
  table_->set_sink(std::make_shared<sink>(box()));
  table_->for_each([this](const slot_view& x) {
    if (table_->collect(x.slot))
      idle_.push_back(x.slot);
  });
  serve();
}

// -- callers ------------------------------------------------------------------

std::optional<result<loan>> mini_pool::acquire(time_point deadline) {
  if (auto x = table_->try_take(holder::here(), tries_))
    return x;
  waits_.fetch_add(1, std::memory_order_relaxed);
  auto [mine, theirs] = make_waiter();
  box()->put(std::move(theirs));
  return mine.wait_until(deadline, spins_);
}

void mini_pool::order(std::function<void(mini_pool&)> what) {
  box()->put(std::move(what));
}

// -- the actor ----------------------------------------------------------------

void mini_pool::handle(granter& x) {
  waiting_.push_back(std::move(x));
  serve();
}

void mini_pool::handle(slot_index i) {
  if (table_->collect(i))
    idle_.push_back(i);
  serve();
}

void mini_pool::handle(std::function<void(mini_pool&)>& x) {
  x(*this);
}

void mini_pool::serve() {
  while (!waiting_.empty()) {
    if (idle_.empty()) {
      set_shut(true);
      auto x = table_->withdraw_any();
      if (!x)
        return;
      idle_.push_back(*x);
    }
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    auto x = table_->grant(idle_.back(), holder::here(), false);
    idle_.pop_back();
    if (!next.grant(x))
      table_->give_back(x, condition::clean);
  }
  set_shut(false);
  for (; !idle_.empty(); idle_.pop_back())
    table_->offer(idle_.back());
}

void mini_pool::set_shut(bool x) {
  if (shut_ != x)
    table_->set_shut(x);
  shut_ = x;
}

void mini_pool::grow() {
  auto& x = objects_->emplace_back();
  table_->offer(*table_->bind({objects_->size()}, &x));
}

void mini_pool::recall(slot_index i) {
  if (table_->recall(i) != recalled::withdrawn)
    return;
  idle_.push_back(i);
  serve();
}

void mini_pool::revoke(slot_index i) {
  table_->revoke(i, table_->view(i).generation);
}

// -- the end ------------------------------------------------------------------

bool mini_pool::at_rest() {
  auto free = [this] {
    auto result = !table_->shut();
    table_->for_each([&](const slot_view& x) {
      result = result && x.state == slot_state::offered;
    });
    return result;
  };
  return eventually(free);
}

std::uint64_t mini_pool::total_uses() const {
  std::uint64_t result = 0;
  for (auto& x : *objects_)
    result += x.uses;
  return result;
}

} // namespace caf_pool::test
