// What remote clients see of pools that ended.

#include "caf_pool/backend/testing/scripted.hpp"

#include "remote_node.hpp"
#include "support/catch_compat.hpp"
#include "support/deadly_backend.hpp"
#include "support/eventually.hpp"
#include "support/outcome.hpp"

#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

const auto select_one = sql_statement{"SELECT 1"};

/// Kills the actor of the pool "main" until its supervisor gives up.
void wear_out(remote_node& node) {
  auto pool = node.pool("main");
  auto config = pool_config{};
  caf::scoped_actor self{node.system()};
  REQUIRE(eventually([&] {
    ask(self.ptr(), pool, caf::timespan{patience},
        reconfigure{config, std::make_shared<deadly_backend>()})
      .receive([](const accepted&) {}, [](const caf::error&) {});
    auto over = false;
    ask(self.ptr(), node.manager(), caf::timespan{patience}, find_pool{"main"})
      .receive(
        [](const pool_handle&) {},
        [&](const caf::error& x) { over = from_caf(x).code == errc::closed; });
    return over;
  }));
}

} // namespace

TEST_CASE("a pool that its supervisor gave up is told as that, and resumed",
          "[trap-T63]") {
  remote_node node;
  auto config = pool_config{};
  config.min_size = 0;
  node.add_pool(config, std::make_shared<scripted_backend>());
  auto db = node.client(operator_token);
  REQUIRE(db.execute("main", select_one).has_value());
  wear_out(node);
  auto refused = db.execute("main", select_one);
  CHECK(code_of(refused) == errc::closed);
  CHECK_THAT(refused.error().message, ContainsSubstring("given up"));
  CHECK_THAT(refused.error().message, ContainsSubstring("resume"));
  CHECK(db.list().value() == std::vector<std::string>{"main"});
  auto shown = db.snapshot("main").value();
  CHECK(shown.status == pool_status::down);
  CHECK(shown.required);
  REQUIRE(shown.reasons.size() == 1);
  CHECK_THAT(shown.reasons[0], ContainsSubstring("given up"));
  CHECK(code_of(db.control("main", verb::reconnect)) == errc::closed);
  REQUIRE(db.control("main", verb::resume));
  CHECK(db.execute("main", select_one).has_value());
  CHECK(db.snapshot("main")->status == pool_status::up);
}

TEST_CASE("a pool that drains refuses with that, and is closed afterwards",
          "[S01]") {
  remote_node node;
  node.add_sqlite("main");
  auto db = node.client(operator_token);
  auto held = db.acquire("main");
  REQUIRE(held);
  auto drained = std::thread{[&] {
    auto other = node.client(operator_token);
    CHECK(other.control("main", verb::drain, 10min));
  }};
  CHECK(eventually(
    [&] { return code_of(db.execute("main", select_one)) == errc::draining; }));
  CHECK(code_of(db.control("main", verb::resume)) == errc::draining);
  CHECK(held->execute("SELECT 1").has_value());
  held->release();
  drained.join();
  CHECK(eventually([&] {
    auto code = code_of(db.execute("main", select_one));
    CHECK((code == errc::draining || code == errc::closed));
    return code == errc::closed;
  }));
  REQUIRE(db.control("main", verb::resume));
  CHECK(db.execute("main", select_one).has_value());
}
