#include "caf_pool/backend/redis_cluster/node_pool.hpp"

#include "caf_pool/backend/redis_cluster/node_pools.hpp"
#include "caf_pool/backend/testing/scripted.hpp"

#include "support/catch_compat.hpp"

#include <memory>
#include <thread>

using namespace caf_pool;
using namespace caf_pool::cluster;
using namespace std::chrono_literals;

namespace {

time_point soon() {
  return clock::now() + 60s;
}

scripted_answer failing(errc code) {
  auto result = scripted_answer{};
  result.failure = error{code, "no", {}};
  return result;
}

struct one_node {
  explicit one_node(node_limits limits = {})
    : pool(std::make_shared<node_pool>(node_address{"h", 7}, server, limits,
                                       random_source{1})) {
    // nop
  }

  std::shared_ptr<scripted_backend> server
    = std::make_shared<scripted_backend>();
  std::shared_ptr<node_pool> pool;
};

} // namespace

TEST_CASE("a node's connection is used again") {
  one_node x;
  for (auto i = 0; i < 5; ++i)
    REQUIRE(x.pool->acquire(soon()));
  CHECK(x.server->connections() == 1);
  {
    auto one = x.pool->acquire(soon());
    auto two = x.pool->acquire(soon());
    CHECK(x.server->connections() == 2);
    CHECK(x.pool->state().used == 2);
  }
  CHECK(x.pool->state().idle == 2);
  CHECK(x.server->count(backend_call::probe) == 0);
  CHECK(x.server->verdict() == "");
}

TEST_CASE("a connection that was idle is asked whether it lives") {
  auto limits = node_limits{};
  limits.validation_bypass = duration::zero();
  one_node x{limits};
  REQUIRE(x.pool->acquire(soon()));
  REQUIRE(x.pool->acquire(soon()));
  CHECK(x.server->count(backend_call::probe) == 1);
  x.server->answer_next(backend_call::probe, failing(errc::connection_lost));
  REQUIRE(x.pool->acquire(soon()));
  CHECK(x.server->count(backend_call::open) == 2);
  CHECK(x.server->connections() == 1);
}

TEST_CASE("what a holder left on a node's connection is removed") {
  one_node x;
  auto dirties = scripted_answer{};
  dirties.dirties = true;
  x.server->answer_next(backend_call::execute, dirties);
  {
    auto held = x.pool->acquire(soon());
    REQUIRE(held);
    CHECK((*held)->execute({"x"}, soon()));
  }
  CHECK(x.server->count(backend_call::reset) == 1);
  CHECK(x.pool->state().idle == 1);
}

TEST_CASE("one lost connection to a node is the end of all idle ones") {
  one_node x;
  {
    auto one = x.pool->acquire(soon());
    auto two = x.pool->acquire(soon());
  }
  x.server->answer_next(backend_call::execute, failing(errc::connection_lost));
  {
    auto held = x.pool->acquire(soon());
    CHECK_FALSE((*held)->execute({"x"}, soon()));
  }
  CHECK(x.pool->state().idle == 0);
  CHECK(x.server->connections() == 0);
}

TEST_CASE("a node that refuses is asked again only after a delay") {
  auto limits = node_limits{};
  limits.retry.start = 1h;
  limits.retry.cap = 1h;
  limits.retry.floor = 1h;
  one_node x{limits};
  x.server->answer(backend_call::open, failing(errc::open_failed));
  for (auto i = 0; i < 10; ++i) {
    auto held = x.pool->acquire(soon());
    REQUIRE_FALSE(held);
    CHECK(held.error().code == errc::open_failed);
    CHECK(held.error().message.find("node h:7") != std::string::npos);
  }
  CHECK(x.server->count(backend_call::open) == 1);
}

TEST_CASE("a node has a breaker of its own") {
  auto limits = node_limits{};
  limits.retry.start = limits.retry.cap = limits.retry.floor = 0ns;
  limits.breaker.consecutive_failures = 3;
  limits.breaker.open_time = 1h;
  one_node x{limits};
  x.server->answer(backend_call::open, failing(errc::open_failed));
  for (auto i = 0; i < 10; ++i)
    CHECK_FALSE(x.pool->acquire(soon()));
  CHECK(x.server->count(backend_call::open) == 3);
  CHECK(x.pool->state().breaker == breaker_state::open);
  CHECK(x.pool->acquire(soon()).error().code == errc::breaker_open);
}

TEST_CASE("few connections to a node are opened at a time") {
  one_node x;
  x.server->hold(backend_call::open);
  std::vector<std::thread> callers;
  std::atomic<int> served = 0;
  for (auto i = 0; i < 6; ++i)
    callers.emplace_back([&] {
      if (x.pool->acquire(soon()))
        ++served;
    });
  REQUIRE(x.server->wait_for_held(backend_call::open, 2));
  CHECK(x.server->held(backend_call::open) == 2);
  x.server->stop_holding(backend_call::open);
  for (auto& caller : callers)
    caller.join();
  CHECK(served == 6);
}

TEST_CASE("the pool of a node that left ends with its leases") {
  auto server = std::make_shared<scripted_backend>();
  auto made = 0;
  node_pools all{[&](const node_address&) -> result<backend_ptr> {
                   ++made;
                   return backend_ptr{server};
                 },
                 {}};
  auto stays = slot_table{1};
  stays.add(0, 100, node_address{"h", 1});
  REQUIRE(all.acquire({"h", 1}, soon()));
  {
    auto held = all.acquire({"h", 2}, soon());
    REQUIRE(held);
    CHECK(made == 2);
    all.keep(stays);
    CHECK(all.states().size() == 1);
    CHECK(server->connections() == 2);
  }
  CHECK(server->connections() == 1);
  all.forget({"h", 1});
  CHECK(server->connections() == 0);
}

TEST_CASE("idle connections to a node end after their time") {
  auto limits = node_limits{};
  limits.max_idle_time = 10s;
  one_node x{limits};
  REQUIRE(x.pool->acquire(soon()));
  x.pool->sweep(clock::now() + 5s);
  CHECK(x.pool->state().idle == 1);
  x.pool->sweep(clock::now() + 11s);
  CHECK(x.pool->state().idle == 0);
  CHECK(x.server->connections() == 0);
}
