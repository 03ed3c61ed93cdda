// What becomes of sessions when the node's tokens change.

#include "caf_pool/backend/testing/scripted.hpp"

#include "remote_node.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/outcome.hpp"

#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

/// A node whose tokens change under a client's hands.
struct rotating_node : remote_node {
  std::shared_ptr<scripted_backend> server
    = std::make_shared<scripted_backend>();

  rotating_node() {
    auto config = pool_config{};
    config.min_size = 0;
    config.max_size = 1;
    add_pool(config, server);
  }

  void use(const std::string& tokens) {
    std::ofstream{folder() + "/tokens"} << tokens;
    REQUIRE(gate().reload_tokens());
  }

  /// A client that soon tries again.
  remote_client client() {
    auto x = options();
    x.first_pause = 1ms;
    x.longest_pause = 50ms;
    x.limit = patience;
    return remote_client::connect(x).value();
  }
};

/// The client's line in a token file.
std::string line_with(const char* role) {
  return std::string{"user "}.append(role).append(" ").append(user_token)
         + "\n";
}

} // namespace

TEST_CASE("a session ends with its token, and its leases come back",
          "[security-S3]") {
  rotating_node node;
  auto db = node.client();
  auto held = db.acquire("main");
  REQUIRE(held);
  node.server->hold(backend_call::execute);
  auto running
    = std::async(std::launch::async, [&] { return held->execute("SELECT 1"); });
  REQUIRE(node.server->wait_for_held(backend_call::execute));
  std::string expected;
  SECTION("when the name is gone") {
    node.use("other use other-0123456789abcdef\n");
    expected = "names no \"user\" any more";
  }
  SECTION("when it has another secret") {
    node.use("user use other-0123456789abcdef\n");
    expected = "\"user\" has another one now";
  }
  SECTION("when its role is lower") {
    node.use(line_with("read"));
    expected = "has the role read now, not use";
  }
  // The statement is stopped: what became of it the client cannot know.
  auto told = running.get();
  CHECK(code_of(told) == errc::outcome_unknown);
  CHECK_THAT(told.error().message,
             ContainsSubstring("the token was withdrawn: "));
  CHECK_THAT(told.error().message, ContainsSubstring(expected));
  node.server->stop_holding(backend_call::execute);
  CHECK(held->lost());
  CHECK(eventually([&] {
    return node.snapshot("main").gauges.leased == 0
           && node.snapshot("main").leases.empty();
  }));
  CHECK(node.server->verdict() == "");
}

TEST_CASE("who lost his token is told so, and comes back with a valid one",
          "[security-S3]") {
  rotating_node node;
  auto db = node.client();
  node.use("other use other-0123456789abcdef\n");
  REQUIRE(eventually([&] { return !db.connected(); }));
  CHECK(eventually([&] {
    return code_of(db.execute("main", sql_statement{"SELECT 1"}))
           == errc::unauthorized;
  }));
  CHECK(eventually([&] { return node.stats().sessions == 0; }));
}

TEST_CASE("a session whose role changed comes back with the new one") {
  rotating_node node;
  auto db = node.client();
  node.use(line_with("read"));
  CHECK(eventually([&] {
    return code_of(db.execute("main", sql_statement{"SELECT 1"}))
           == errc::forbidden;
  }));
  CHECK(db.snapshot("main").has_value());
}

TEST_CASE("a session stays when its line only moves") {
  rotating_node node;
  auto db = node.client();
  auto held = db.acquire("main");
  REQUIRE(held);
  node.use("# first\nother use other-0123456789abcdef\n" + line_with("use"));
  CHECK(held->execute("SELECT 1").has_value());
  CHECK(db.connected());
}

TEST_CASE("tokens that cannot be read change nothing") {
  rotating_node node;
  auto db = node.client();
  fs::remove(node.folder() + "/tokens");
  auto refused = node.gate().reload_tokens();
  REQUIRE(!refused);
  CHECK(refused.error().code == errc::config_invalid);
  CHECK_FALSE(fs::exists(node.folder() + "/tokens"));
  CHECK(db.execute("main", sql_statement{"SELECT 1"}).has_value());
  CHECK(remote_client::connect(node.options()));
}
