#pragma once

#include "caf_pool/actor/manager.hpp"
#include "caf_pool/actor/pool_supervisor.hpp"
#include "caf_pool/backend/testing/scripted.hpp"
#include "caf_pool/pool.hpp"

#include "actor/listener.hpp"
#include "actor/looks.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/outcome.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace caf_pool::test {

using namespace std::chrono_literals;

/// An actor system as the library wants it.
struct actor_world {
  struct config : caf::actor_system_config {
    config() {
      configure_pools(*this);
    }
  };

  config cfg;
  caf::actor_system sys{cfg};
};

/// Longer than a test waits for anything: what happens was not the end of this.
inline constexpr duration far_away = 10min;

/// A pool that does nothing unasked, whose limits are no test's subject: a
/// thread may get no time for seconds.
inline pool_config quiet_pool(std::uint32_t max) {
  pool_config config;
  config.min_size = 0;
  config.max_size = max;
  config.acquire_timeout = 2 * patience;
  config.open_timeout = far_away;
  config.execute_timeout = far_away;
  config.reset_timeout = patience;
  config.close_timeout = patience;
  config.health_check_interval = 0s;
  config.health_check_timeout = patience;
  config.breaker.half_open_timeout = patience;
  return config;
}

/// An answer that is an error.
inline scripted_answer failing(errc code, std::string text) {
  scripted_answer result;
  result.failure = {code, std::move(text), {}};
  return result;
}

/// An answer that waits for `let_pass`; a deaf one minds no deadline.
inline scripted_answer held_back(bool deaf = false) {
  scripted_answer result;
  result.held = true;
  result.deaf = deaf;
  return result;
}

/// Waits for the answer to a request.
template <class Answer, class Request>
result<Answer> answer_of(Request request) {
  auto out = result<Answer>{error{errc::internal, "no answer came", {}}};
  std::move(request).receive([&](Answer& x) { out = std::move(x); },
                             [&](const caf::error& x) { out = from_caf(x); });
  return out;
}

/// An actor whose part the test plays; it dies with the object.
class client {
public:
  explicit client(caf::actor_system& sys)
    : self_(std::make_unique<caf::scoped_actor>(sys)) {
    // nop
  }

  /// Asks and goes on; `answer_of` waits.
  template <class Handle, class Message>
  auto start(const Handle& to, Message x) {
    return ask(self_->ptr(), to, caf::timespan{2 * patience}, std::move(x));
  }

  template <class Answer, class Handle, class Message>
  result<Answer> get(const Handle& to, Message x) {
    return answer_of<Answer>(start(to, std::move(x)));
  }

  template <class Handle, class Message>
  void tell(const Handle& to, Message x) {
    send_to(self_->ptr(), to, std::move(x));
  }

  /// Has somebody hear of a pool's events; returns when he does.
  void subscribe_for(const caf::actor& who, const pool_handle& pool) {
    tell(pool, subscribe{false, who});
    // The answer comes behind the order, on the same way.
    REQUIRE(get<pool_snapshot>(pool, get_snapshot{}).has_value());
  }

  void die() {
    self_.reset();
  }

private:
  std::unique_ptr<caf::scoped_actor> self_;
};

/// A pool on a scripted server, in a system of its own, and somebody who talks
/// to its actor.
struct scripted_pool {
  actor_world world;
  std::shared_ptr<scripted_backend> server
    = std::make_shared<scripted_backend>();
  any_pool db;
  client me{world.sys};

  explicit scripted_pool(const pool_config& config)
    : db(world.sys, config, server) {
    // nop
  }
};

/// Ends the present actor of a pool without a word.
inline void kill(const pool_ref& x) {
  caf::anon_send_exit(x.estate->shell(), caf::exit_reason::kill);
}

} // namespace caf_pool::test
