#include "caf_pool/redis/redis_subscriber.hpp"

#include "caf_pool/actor/pool_messages.hpp"
#include "caf_pool/caf/caf_compat.hpp"
#include "caf_pool/redis/subscriber_core.hpp"

#include <thread>
#include <utility>

namespace caf_pool {

// -- redis_subscription -------------------------------------------------------

redis_subscription& redis_subscription::operator=(
  redis_subscription&& other) noexcept {
  if (this != &other) {
    end();
    core_ = std::move(other.core_);
    entry_ = std::move(other.entry_);
  }
  return *this;
}

redis_subscription::~redis_subscription() {
  end();
}

void redis_subscription::end() {
  if (auto mine = std::exchange(entry_, nullptr))
    std::exchange(core_, nullptr)->end(mine);
}

// -- redis_subscriber ---------------------------------------------------------

struct redis_subscriber::impl {
  error why;
  std::shared_ptr<subscriber_core> core;
  std::thread thread;

  void start(const pool_config& config) {
    auto where = redis_target::from(config);
    if (!where) {
      why = where.error();
      return;
    }
    core = std::make_shared<subscriber_core>(*std::move(where), config);
    thread = std::thread{[mine = core] { mine->run(); }};
  }
};

redis_subscriber::redis_subscriber(const backend_spec<redis_connection>& where)
  : impl_(std::make_unique<impl>()) {
  impl_->why = where.why;
  if (!impl_->why)
    impl_->start(where.config);
}

redis_subscriber::redis_subscriber(const pool_config& config)
  : impl_(std::make_unique<impl>()) {
  impl_->start(config);
}

redis_subscriber::~redis_subscriber() {
  if (impl_->core == nullptr)
    return;
  impl_->core->stop();
  // A handler may hold the last of its owners.
  if (impl_->thread.get_id() == std::this_thread::get_id())
    impl_->thread.detach();
  else
    impl_->thread.join();
}

result<void> redis_subscriber::ready() const {
  if (impl_->why)
    return impl_->why;
  return {};
}

result<redis_subscription> redis_subscriber::subscribe(const redis_topics& what,
                                                       redis_listener listener,
                                                       duration limit) {
  if (impl_->why)
    return impl_->why;
  auto entry = impl_->core->subscribe(what, std::move(listener), limit);
  if (!entry)
    return entry.error();
  auto result = redis_subscription{};
  result.core_ = impl_->core;
  result.entry_ = *std::move(entry);
  return result;
}

redis_subscriber_status redis_subscriber::status() const {
  if (impl_->core != nullptr)
    return impl_->core->status();
  auto result = redis_subscriber_status{};
  result.last_error = impl_->why;
  return result;
}

// -- actors -------------------------------------------------------------------

redis_listener forward_to(const caf::actor& receiver) {
  return {[receiver](const redis_message& x) { post_to(receiver, x); },
          [receiver](const redis_gap& x) { post_to(receiver, x); }};
}

} // namespace caf_pool
