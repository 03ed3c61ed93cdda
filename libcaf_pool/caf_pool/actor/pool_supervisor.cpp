#include "caf_pool/actor/pool_supervisor.hpp"

#include "caf_pool/actor/pool_actor.hpp"
#include "caf_pool/actor/pool_check.hpp"
#include "caf_pool/backend/registry.hpp"
#include "caf_pool/core/duration_text.hpp"

#include <utility>

namespace caf_pool {

pool_supervisor::pool_supervisor(caf::actor_config& cfg,
                                 std::shared_ptr<pool_estate> estate,
                                 restart_limit limit)
  : early_receiver(cfg), estate_(std::move(estate)), limit_(limit) {
  drop_unexpected(this);
}

pool_supervisor::behavior_type pool_supervisor::make_behavior() {
  start_child();
  return {
    [this](const acquire& x) { return delegate(child_, x); },
    [this](const acquire_lease& x) { return delegate(child_, x); },
    [this](const release& x) { return delegate(child_, x); },
    [this](const revoke_lease& x) { return delegate(child_, x); },
    [this](const execute& x) { return delegate(child_, x); },
    [this](const cancel_request& x) { return delegate(child_, x); },
    [this](const get_snapshot& x) { return delegate(child_, x); },
    [this](const subscribe& x) { return delegate(child_, x); },
    [this](const control& x) { return delegate(child_, x); },
    [this](const reconfigure& x) { return delegate(child_, x); },
    [this](const queue_caller& x) { post_to(child_, x); },
  };
}

bool pool_supervisor::receive_early(caf::mailbox_element_ptr& x,
                                    message_host* where) {
  auto for_pool = is_message_of<acquire, release, execute, cancel_request,
                                acquire_lease, revoke_lease, get_snapshot,
                                subscribe, control, reconfigure>(*x);
  // A queue_caller comes from an actor that died.
  if (!for_pool || ended_.load(std::memory_order_acquire))
    return false;
  auto to = caf::actor_cast<caf::strong_actor_ptr>(estate_->shell());
  if (!to)
    return false;
  to->enqueue(std::move(x), where);
  return true;
}

void pool_supervisor::on_exit() {
  ended_.store(true, std::memory_order_release);
  // Nobody would reach its actor any more, and it would go on for ever.
  if (child_)
    post_to(child_,
            control{control::verb::drain, estate_->config.close_timeout});
  child_ = nullptr;
}

void pool_supervisor::start_child() {
  child_ = system().spawn<pool_actor>(estate_);
  watch_actor(
    this, child_,
    [this](const caf::actor_addr&, const caf::error& why) { on_down(why); });
}

bool pool_supervisor::too_often() {
  auto now = clock::now();
  restarts_.push_back(now);
  while (restarts_.front() < now - limit_.window)
    restarts_.pop_front();
  return restarts_.size() > limit_.restarts;
}

error pool_supervisor::gave_up(const caf::error& why) const {
  return {errc::closed,
          "its actor ended " + std::to_string(restarts_.size())
            + " times within " + to_text(limit_.window) + ", the last time by "
            + to_string(why),
          {}};
}

void pool_supervisor::on_down(const caf::error& why) {
  auto over = estate_->machine == nullptr
              || estate_->machine->state().life == pool_life::closed;
  if (!over && !too_often()) {
    estate_->install({}); // until the next one begins, messages come here
    start_child();
    return;
  }
  estate_->dismiss_workers();
  estate_->finish();
  if (over)
    quit();
  else
    quit(to_caf(gave_up(why)));
}

result<pool_ref> spawn_pool(caf::actor_system& sys, const pool_config& config,
                            backend_ptr backend, restart_limit limit,
                            std::set<caf::actor> subscribers) {
  if (auto problems = check_pool(config, backend); !problems.empty())
    return config_error(problems);
  auto estate = std::make_shared<pool_estate>(config, std::move(backend));
  estate->subscribers = std::move(subscribers);
  pool_handle address = sys.spawn<pool_supervisor>(estate, limit);
  return pool_ref{address, std::move(estate)};
}

} // namespace caf_pool
