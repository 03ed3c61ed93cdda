// Limits of remote callers.

#include "caf_pool/remote/client.hpp"

#include "remote_node.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"

#include <string>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

constexpr auto endless
  = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i "
    "+ 1 FROM n) SELECT count(*) FROM n";

pool_config impatient_pool() {
  auto config = pool_config{};
  config.name = "main";
  config.min_size = 0;
  config.max_size = 1;
  config.execute_timeout = 100ms;
  config.options = {{"path", ":memory:"}};
  return config;
}

} // namespace

// -- limits -------------------------------------------------------------------

TEST_CASE("a client's statement runs no longer than the pool lets it") {
  remote_node node;
  node.add_pool(impatient_pool(), nullptr);
  auto db = node.client();
  // However long the caller would wait.
  for (auto limit : {duration{patience * 10}, duration::max()}) {
    auto outcome = db.execute("main", {endless}, limit);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == errc::execute_timeout);
    auto held = db.acquire("main").value();
    outcome = held.execute({endless}, limit);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == errc::execute_timeout);
  }
}

TEST_CASE("limits of remote calls may be as long as there is") {
  remote_node node;
  node.add_sqlite("main", 2);
  auto options = node.options(operator_token);
  options.limit = options.connect_limit = duration::max();
  options.first_pause = options.longest_pause = duration::max();
  auto db = remote_client::connect(options).value();
  auto limit = GENERATE(std::optional<duration>{}, duration::max());
  CHECK(db.execute("main", {"SELECT 1"}, limit));
  CHECK(db.transaction("main", {{"SELECT 1"}, {"SELECT 2"}}, limit));
  CHECK(db.execute_later("main", {{"SELECT 1"}}, limit).get());
  auto held = db.acquire("main", limit);
  REQUIRE(held);
  CHECK(held->execute({"SELECT 1"}, limit));
  held->release();
  auto how = remote_acquire_options{};
  how.wait = limit;
  how.expected = duration::max();
  CHECK(db.acquire("main", how));
  CHECK(db.find("main"));
  CHECK(db.list());
  CHECK(db.control("main", verb::resume, duration::max()));
}
