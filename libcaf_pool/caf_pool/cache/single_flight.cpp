#include "caf_pool/cache/single_flight.hpp"

namespace caf_pool {

struct single_flight::flight {
  std::string key;
  std::condition_variable changed;
  std::size_t waiting = 0;
  bool led = true;
  std::optional<outcome_type> outcome;
};

single_flight::seat::~seat() {
  if (owner_ != nullptr)
    owner_->hand_over(*flight_);
}

void single_flight::seat::land(const outcome_type& outcome) {
  std::exchange(owner_, nullptr)->land(*flight_, outcome);
}

single_flight::seat single_flight::lead(const std::string& key,
                                        std::shared_ptr<flight> x) {
  if (x == nullptr) {
    x = std::make_shared<flight>();
    x->key = key;
    flights_[key] = x;
  }
  seat result;
  result.owner_ = this;
  result.flight_ = std::move(x);
  return result;
}

single_flight::seat single_flight::join(const std::string& key,
                                        time_point deadline) {
  std::unique_lock guard{mutex_};
  auto i = flights_.find(key);
  if (i == flights_.end())
    return lead(key, nullptr);
  auto mine = i->second;
  auto over = [&] { return mine->outcome.has_value() || !mine->led; };
  ++mine->waiting;
  ++waiting_;
  if (deadline == never)
    mine->changed.wait(guard, over);
  else
    mine->changed.wait_until(guard, deadline, over);
  --mine->waiting;
  --waiting_;
  seat result;
  if (mine->outcome)
    result.shared_ = mine->outcome;
  else if (!mine->led) {
    mine->led = true;
    return lead(key, std::move(mine));
  }
  return result;
}

single_flight::seat single_flight::try_lead(const std::string& key) {
  std::unique_lock guard{mutex_};
  if (flights_.count(key) > 0)
    return {};
  return lead(key, nullptr);
}

void single_flight::forget(const std::string& key) {
  std::unique_lock guard{mutex_};
  flights_.erase(key);
}

void single_flight::forget_all() {
  std::unique_lock guard{mutex_};
  flights_.clear();
}

std::size_t single_flight::waiting() const {
  std::unique_lock guard{mutex_};
  return waiting_;
}

void single_flight::remove(const flight& x) {
  auto i = flights_.find(x.key);
  if (i != flights_.end() && i->second.get() == &x)
    flights_.erase(i);
}

void single_flight::land(flight& x, const outcome_type& outcome) {
  std::unique_lock guard{mutex_};
  x.outcome = outcome;
  remove(x);
  x.changed.notify_all();
}

void single_flight::hand_over(flight& x) {
  std::unique_lock guard{mutex_};
  x.led = false;
  if (x.waiting == 0)
    remove(x);
  else
    x.changed.notify_one();
}

} // namespace caf_pool
