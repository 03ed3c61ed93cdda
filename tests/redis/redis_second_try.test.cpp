#include "caf_pool/actor/pool_messages.hpp"
#include "caf_pool/actor/pool_supervisor.hpp"
#include "caf_pool/caf/caf_compat.hpp"
#include "caf_pool/redis.hpp"

#include "support/catch_compat.hpp"
#include "support/chaos_proxy.hpp"
#include "support/outcome.hpp"
#include "support/private_redis.hpp"

#include <caf/scoped_actor.hpp>

#include <string>

using namespace caf_pool;
using namespace std::chrono_literals;

using test::chaos_proxy;
using test::code_of;
using test::private_redis;

namespace {

/// A pool of one connection, which its network may lose without a word.
struct lost_line {
  private_redis server;
  chaos_proxy net{server.port()};
  pool<redis_connection> cache;

  explicit lost_line(bool retry = true) : cache(spec(retry)) {
    cache.command("SET", "n", 7).value();
  }

  backend_spec<redis_connection> spec(bool retry) {
    auto result = redis("redis://127.0.0.1:" + std::to_string(net.port())
                        + "/0?attempt_timeout=100ms&retry_on_timeout="
                        + (retry ? "true" : "false"))
                    .size(1);
    result.config.acquire_timeout = 60s;
    result.config.open_timeout = 60s;
    result.config.execute_timeout = 60s;
    // Nothing but a call notices the loss.
    result.config.health_check_interval = 1h;
    return result;
  }

  std::string at_server() {
    return server.query({"GET", "n"});
  }
};

/// Asks a pool as an actor does.
result<outcome> ask_for(any_pool& db, redis_command what, duration limit) {
  auto& address = db.actors().address;
  auto self = caf::scoped_actor{address->home_system()};
  auto order = execute{work{std::move(what)}};
  order.how.deadline = clock::now() + limit;
  auto answer = result<outcome>{error{errc::internal, "no answer", {}}};
  ask(self.ptr(), address, caf::timespan{120s}, order)
    .receive([&](outcome& x) { answer = std::move(x); },
             [&](const caf::error& x) { answer = from_caf(x); });
  return answer;
}

} // namespace

TEST_CASE("a read whose connection is lost is tried once more, on another") {
  lost_line x;
  x.net.lose_server();
  auto before = x.net.connects();
  CHECK(x.cache.command<int>("GET", "n").value() == 7);
  CHECK(x.net.connects() == before + 1);
}

TEST_CASE("a read by message is tried once more, too") {
  lost_line x;
  x.net.lose_server();
  auto answer = ask_for(x.cache, redis_command{"GET", "n"}, 60s);
  REQUIRE(answer);
  CHECK(answer->replies().items.front().value().as<int>().value() == 7);
}

TEST_CASE("a write whose reply is lost is not repeated") {
  lost_line x;
  auto by_message = GENERATE(false, true);
  x.net.lose_server();
  auto what = redis_command{"INCR", "n"};
  auto code = by_message
                ? code_of(ask_for(x.cache, what, 500ms))
                : code_of(x.cache.send(what, acquire_options{.limit = 500ms}));
  CHECK(code == errc::outcome_unknown);
  CHECK(x.at_server() == "7");
}

TEST_CASE("a write that may be done twice is repeated") {
  lost_line x;
  x.net.lose_server();
  auto what = redis_command{"SET", "n", 8}.idempotent();
  CHECK(x.cache.send(what).value().is_status("OK"));
  CHECK(x.at_server() == "8");
}

TEST_CASE("without retry_on_timeout everything is tried once") {
  lost_line x{false};
  x.net.lose_server();
  auto what = redis_command{"GET", "n"};
  CHECK(code_of(x.cache.send(what, acquire_options{.limit = 500ms}))
        == errc::execute_timeout);
}

TEST_CASE("both tries share one limit") {
  lost_line x;
  x.net.set(chaos_proxy::mode::stall);
  auto began = clock::now();
  auto what = redis_command{"GET", "n"};
  auto code = code_of(x.cache.send(what, acquire_options{.limit = 300ms}));
  CHECK((code == errc::execute_timeout || code == errc::acquire_timeout));
  CHECK(clock::now() - began >= 300ms);
}

TEST_CASE("an attempt needs a time") {
  pool cache{redis("redis://localhost/0?attempt_timeout=0s")};
  REQUIRE_FALSE(cache.ready());
  CHECK_THAT(cache.ready().error().message,
             ContainsSubstring("retry_on_timeout = false"));
}
