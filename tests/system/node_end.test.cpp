// How a node ends: in order, at once, and in spite of a backend that is stuck.

#include "node_program.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/private_postgres.hpp"

#include <csignal>
#include <string>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

std::string postgres_pool(std::uint16_t port, const std::string& more = {}) {
  return "[pools.main]\nbackend = \"postgres\"\n" + more
         + "[pools.main.postgres]\nhost = \"127.0.0.1\"\nuser = \"app\"\n"
           "database = \"app\"\nport = "
         + std::to_string(port) + "\n";
}

process_options exec_options(const scratch_folder& folder,
                             const std::string& remote,
                             const std::string& statement) {
  process_options ctl;
  ctl.command
    = {program("CAF_POOL_CTL"),          "--connect", remote, "--token-file",
       (folder.path / "token").string(), "exec",      "main", statement};
  return ctl;
}

/// How many sessions run a statement with these words.
std::string running(const private_postgres& server, const std::string& words) {
  return server.query(
    "SELECT count(*) FROM pg_stat_activity WHERE state = "
    "'active' AND pid <> pg_backend_pid() AND query LIKE '%"
    + words + "%'");
}

/// A node on the stuck backend with a statement that will never come back.
struct stuck_node {
  scratch_folder folder;
  process node;
  std::string remote;
  std::unique_ptr<process> caller;

  stuck_node() : node(options(folder)) {
    auto line = node.wait_for_line("ready ");
    CAPTURE(node.err());
    REQUIRE(line);
    remote = value_of(*line, "remote");
    caller = std::make_unique<process>(exec_options(folder, remote, "x"));
    REQUIRE(node.wait_for_text("stuck\n"));
  }

  static process_options options(const scratch_folder& folder) {
    auto result = node_options(folder, {"--config"});
    result.command
      = {STUCK_NODE_PROGRAM, folder.write("node.toml",
                                          "[node]\ndrain_timeout = \"100ms\"\n"
                                          "[pools.main]\nbackend = \"stuck\"\n"
                                          "execute_timeout = \"100ms\"\n"
                                          "close_timeout = \"100ms\"\n")};
    return result;
  }
};

} // namespace

TEST_CASE("a backend that is stuck does not keep a node from ending", "[S05]") {
  stuck_node x;
  x.node.signal(SIGTERM);
  auto status = x.node.wait();
  CAPTURE(x.node.err());
  CHECK(status == 1);
  CHECK_THAT(x.node.err(), ContainsSubstring("ended_by_force"));
}

TEST_CASE("a second SIGTERM ends a node whose last worker is stuck") {
  stuck_node x;
  x.node.signal(SIGTERM);
  // The pools are drained: what is left is to wait for a thread.
  REQUIRE(x.node.wait_for_text("drained took"));
  x.node.signal(SIGTERM);
  CHECK(x.node.wait() == 1);
  CHECK_THAT(x.node.err(), ContainsSubstring("ended_at_once"));
}

TEST_CASE("a second SIGTERM cancels running statements at the server",
          "[S05]") {
  auto& server = private_postgres::shared();
  running_node x{postgres_pool(server.port())};
  process caller{
    exec_options(x.folder, x.remote, "SELECT pg_sleep(3000) AS nap_of_h")};
  REQUIRE(eventually([&] { return running(server, "nap_of_h") == "1"; }));
  x.node.signal(SIGTERM);
  REQUIRE(x.node.wait_for_text("draining limit"));
  CHECK(running(server, "nap_of_h") == "1");
  x.node.signal(SIGTERM);
  CHECK(x.node.wait() == 1);
  CHECK_THAT(x.node.err(), ContainsSubstring("ended_at_once"));
  // Without a cancel it would go on: a server looks at the socket only when it
  // has something to say.
  CHECK(eventually([&] { return running(server, "nap_of_h") == "0"; }));
}

TEST_CASE("two SIGTERM end a node that warms up") {
  scratch_folder folder;
  auto file = folder.write("cold.toml",
                           "[node]\ndrain_timeout = \"1h\"\n"
                           "[pools.main]\nbackend = \"sqlite\"\n"
                           "warm_up = \"to_min\"\nwarm_up_timeout = \"1h\"\n"
                           "[pools.main.sqlite]\npath = \"/nosuch/db\"\n");
  process node{node_options(folder, {"--config", file})};
  REQUIRE(node.wait_for_text("open_failed"));
  node.signal(SIGTERM);
  node.signal(SIGTERM);
  CHECK(node.wait().has_value());
}
