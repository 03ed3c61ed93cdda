#pragma once

#include "caf_pool/actor/pool_messages.hpp"

#include "support/catch_compat.hpp"
#include "support/eventually.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace caf_pool::test {

/// An actor that keeps the events it hears of.
class listener {
public:
  /// Runs `hello` as the actor, and returns when that is done.
  using greeting = std::function<void(caf::event_based_actor*)>;

  explicit listener(caf::actor_system& sys, greeting hello = {})
    : heard_(std::make_shared<box>()) {
    auto heard = heard_;
    actor_ = sys.spawn(
      [heard, hello](caf::event_based_actor* self) -> caf::behavior {
        if (hello)
          hello(self);
        heard->begun = true;
        return {[heard](const pool_event& x) {
          auto guard = std::lock_guard{heard->mutex};
          heard->events.push_back(x);
        }};
      });
    REQUIRE(eventually([&] { return heard->begun.load(); }));
  }

  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  ~listener() {
    die();
  }

  void die() {
    if (actor_)
      caf::anon_send_exit(actor_, caf::exit_reason::user_shutdown);
    actor_ = nullptr;
  }

  const caf::actor& actor() const {
    return actor_;
  }

  std::vector<pool_event> events() const {
    auto guard = std::lock_guard{heard_->mutex};
    return heard_->events;
  }

  std::vector<pool_event> events(event_kind kind) const {
    auto all = events();
    std::erase_if(all, [kind](auto& x) { return x.kind != kind; });
    return all;
  }

  bool wait_for(event_kind kind, std::size_t n = 1) const {
    return eventually([&] { return events(kind).size() >= n; });
  }

private:
  struct box {
    std::atomic<bool> begun{false};
    std::mutex mutex;
    std::vector<pool_event> events;
  };

  std::shared_ptr<box> heard_;
  caf::actor actor_;
};

} // namespace caf_pool::test
