// How a node ends: in order, at once, and in spite of a backend that is stuck.

#include "node_program.hpp"
#include "support/catch_compat.hpp"
#include "support/chaos_socket.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/private_postgres.hpp"

#include <climits>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

/// A pipe that a node has as its stderr, and that nobody reads.
class unread_log {
public:
  explicit unread_log(std::string path) : path_(std::move(path)) {
    REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
    fd_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
    REQUIRE(fd_ >= 0);
  }

  unread_log(const unread_log&) = delete;
  unread_log& operator=(const unread_log&) = delete;

  ~unread_log() {
    ::close(fd_);
  }

  process_options instead_of_stderr(process_options x) const {
    auto shell
      = {std::string{"sh"}, std::string{"-c"}, "exec \"$0\" \"$@\" 2>" + path_};
    x.command.insert(x.command.begin(), shell);
    return x;
  }

  /// Leaves no room. The node's own end stays one that blocks.
  void fill() {
    auto page = std::string(PIPE_BUF, 'x');
    while (::write(fd_, page.data(), page.size()) > 0)
      ;
  }

private:
  std::string path_;
  int fd_ = -1;
};

/// A node on the stuck backend with a statement that will never come back.
struct stuck_node {
  scratch_folder folder;
  process node;
  std::string remote;
  std::uint16_t admin_port = 0;
  std::unique_ptr<process> caller;

  stuck_node() : node(options(folder)) {
    wait_until_stuck();
  }

  /// One that may drain for long.
  explicit stuck_node(const unread_log& log)
    : node(log.instead_of_stderr(options(folder, "10min"))) {
    wait_until_stuck();
  }

  void wait_until_stuck() {
    auto line = node.wait_for_line("ready ");
    CAPTURE(node.err());
    REQUIRE(line);
    remote = value_of(*line, "remote");
    admin_port = port_of(value_of(*line, "admin"));
    caller = std::make_unique<process>(exec_options(folder, remote, "x"));
    REQUIRE(node.wait_for_text("stuck\n"));
  }

  static process_options options(const scratch_folder& folder,
                                 const std::string& drain_timeout = "100ms") {
    auto result = node_options(folder, {"--config"});
    result.command
      = {STUCK_NODE_PROGRAM,
         folder.write("node.toml", "[node]\ndrain_timeout = \"" + drain_timeout
                                     + "\"\n"
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

TEST_CASE("a second SIGTERM ends a node that warms up", "[S05]") {
  // The kernel takes connections for it, and nobody answers.
  auto server = chaos_socket::listen(0, 16);
  auto limits
    = "warm_up = \"to_min\"\nwarm_up_timeout = \"10min\"\n"
      "open_timeout = \"10min\"\nacquire_timeout = \"10min\"\n"
      "close_timeout = \"10min\"\n";
  scratch_folder folder;
  auto file
    = folder.write("cold.toml", "[node]\ndrain_timeout = \"10min\"\n"
                                  + postgres_pool(server.port(), limits));
  process node{node_options(folder, {"--config", file})};
  auto login = chaos_socket{};
  REQUIRE(eventually([&] {
    login = server.accept();
    return login.valid();
  }));
  node.signal(SIGTERM);
  auto drains = node.wait_for_text("draining limit");
  CAPTURE(node.err());
  REQUIRE(drains);
  CHECK(node.running());
  node.signal(SIGTERM);
  CHECK(node.wait() == 1);
  CHECK_THAT(node.err(), ContainsSubstring("ended_at_once"));
  CHECK(node.out().empty());
}

TEST_CASE("a node whose log nobody reads ends when it is told to", "[S05]") {
  scratch_folder folder;
  unread_log log{folder.path / "log"};
  process node{log.instead_of_stderr(node_options(folder))};
  REQUIRE(node.wait_for_line("ready "));
  log.fill();
  node.signal(SIGTERM);
  CHECK(node.wait() == 0);
}

TEST_CASE("a second SIGTERM ends a node whose log nobody reads", "[S05]") {
  scratch_folder folder;
  unread_log log{folder.path / "log"};
  stuck_node x{log};
  log.fill();
  x.node.signal(SIGTERM);
  REQUIRE(eventually([&] {
    auto reply = fetch(x.admin_port, "/readyz");
    return reply.body.find("draining") != std::string::npos;
  }));
  x.node.signal(SIGTERM);
  CHECK(x.node.wait() == 1);
}
