// What a node does to its own process, and what it finds out, when it starts.

#include "caf_pool/node/process_guard.hpp"

#include "node_program.hpp"
#include "remote_node.hpp"
#include "support/catch_compat.hpp"
#include "support/chaos_socket.hpp"
#include "support/eventually.hpp"
#include "support/free_port.hpp"
#include "support/private_postgres.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <string>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

constexpr auto sqlite_in_memory
  = "[pools.main]\nbackend = \"sqlite\"\n"
    "max_size = 1\n[pools.main.sqlite]\n"
    "path = \":memory:\"\n";

constexpr auto slow_limits
  = "open_timeout = \"10min\"\nclose_timeout = \"10min\"\n"
    "acquire_timeout = \"10min\"\n";

/// A pool on a port that nobody listens at.
std::string postgres_pool(std::uint16_t port, const std::string& more = {}) {
  return "[pools.main]\nbackend = \"postgres\"\n" + more
         + "[pools.main.postgres]\nhost = \"127.0.0.1\"\nuser = \"app\"\n"
           "database = \"app\"\nport = "
         + std::to_string(port) + "\n";
}

/// Reads a line of /proc/PID/status, e.g. "VmRSS".
std::string status_of(pid_t pid, const std::string& key) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(key + ":"))
      return line.substr(key.size() + 2);
  return {};
}

/// Who owns /proc/PID/mem: root, if the process is not dumpable.
uid_t owner_of_memory(pid_t pid) {
  struct stat info {};
  auto path = "/proc/" + std::to_string(pid) + "/mem";
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_uid;
}

/// Without the flag that the machines of the tests need.
process_options strict(process_options x) {
  std::erase(x.command, "--allow-root");
  return x;
}

} // namespace

// -- rights -------------------------------------------------------------------

TEST_CASE("a node does not run as root unless it is allowed",
          "[security-S19]") {
  if (::geteuid() != 0)
    return;
  scratch_folder folder;
  auto options = node_options(
    folder, {"--config", folder.write("node.toml", sqlite_in_memory)});
  auto refused = run(strict(options));
  CHECK(refused.status == 77);
  CHECK_THAT(refused.err, ContainsSubstring("--allow-root"));
  CHECK(refused.out.empty());
  // Looking at a configuration needs no rights.
  auto check = strict(options);
  check.command.emplace_back("--check-config");
  CHECK(run(check).status == 0);
  process allowed{options};
  CHECK(allowed.wait_for_line("ready "));
}

TEST_CASE("a node keeps its memory out of core dumps and from others",
          "[security-S7]") {
  // What the kernel makes of it shows only for another user than root.
  if (::geteuid() != 0)
    return;
  constexpr uid_t nobody = 65534;
  for (auto allowed : {false, true}) {
    scratch_folder folder;
    auto options = strict(node_options(
      folder, {"--config", folder.write("node.toml", sqlite_in_memory)}));
    // The build may lie in a folder that only root may enter.
    auto program = folder.path / "node";
    std::filesystem::copy_file(options.command.front(), program);
    options.command.front() = program.string();
    if (allowed)
      options.command.emplace_back("--allow-core-dumps");
    options.uid = nobody;
    options.gid = nobody;
    for (auto& x : std::filesystem::recursive_directory_iterator{folder.path})
      REQUIRE(::chown(x.path().c_str(), nobody, nobody) == 0);
    REQUIRE(::chown(folder.path.c_str(), nobody, nobody) == 0);
    process node{options};
    auto ready = node.wait_for_line("ready ");
    CAPTURE(allowed, node.err());
    REQUIRE(ready);
    CHECK_THAT(status_of(node.pid(), "Uid"), StartsWith("65534"));
    CHECK(owner_of_memory(node.pid()) == (allowed ? nobody : 0));
  }
}

// -- environment --------------------------------------------------------------

TEST_CASE("variables that redirect drivers are known by their names",
          "[security-S11]") {
  using process_guard::redirects_drivers;
  for (auto* x :
       {"PGHOST", "PGOPTIONS", "PGSERVICEFILE", "PGPASSFILE", "LD_PRELOAD",
        "LD_LIBRARY_PATH", "SSL_CERT_FILE", "OPENSSL_CONF", "HOSTALIASES"}) {
    CAPTURE(x);
    CHECK(redirects_drivers(x));
  }
  for (auto* x : {"PATH", "HOME", "CAF_POOL__POOLS__MAIN__HOST", "TZ", "LANG",
                  "XPGHOST", "OLD_PWD", "", "P", "NOTIFY_SOCKET"}) {
    CAPTURE(x);
    CHECK(!redirects_drivers(x));
  }
}

TEST_CASE("a node's environment does not decide where its pools connect to",
          "[security-S11]") {
  auto& server = private_postgres::shared();
  scratch_folder folder;
  auto options = node_options(
    folder,
    {"--config", folder.write("node.toml", postgres_pool(server.port()))});
  options.environment["PGHOST"] = "203.0.113.1";
  options.environment["PGHOSTADDR"] = "203.0.113.1";
  options.environment["PGPORT"] = "1";
  options.environment["PGSERVICE"] = "evil";
  options.environment["PGOPTIONS"] = "-c search_path=evil";
  options.environment["PGAPPNAME"] = "S3cr3tCanary";
  process node{options};
  auto line = node.wait_for_line("ready ");
  CAPTURE(node.err());
  REQUIRE(line);
  process_options ctl;
  ctl.command = {program("CAF_POOL_CTL"),
                 "--connect",
                 value_of(*line, "remote"),
                 "--token-file",
                 (folder.path / "token").string(),
                 "exec",
                 "main",
                 "SELECT current_setting('search_path')"};
  auto answer = run(ctl);
  CAPTURE(answer.err);
  CHECK(answer.status == 0);
  CHECK(answer.out.find("evil") == std::string::npos);
  auto said = node.err();
  CHECK_THAT(said, ContainsSubstring("environment_ignored"));
  CHECK_THAT(said, ContainsSubstring("PGHOSTADDR"));
  // Names, but no values.
  CHECK(said.find("Canary") == std::string::npos);
}

// -- ports --------------------------------------------------------------------

TEST_CASE("a node whose port is taken ends with 69 and says what to do") {
  running_node first;
  auto remote = GENERATE(true, false);
  scratch_folder folder;
  auto options = node_options(
    folder, {"--config", folder.write("node.toml", sqlite_in_memory)});
  auto& taken = remote ? first.remote : first.admin;
  auto port = std::to_string(port_of(taken));
  auto table = std::string{remote ? "remote" : "admin"};
  options
    .environment[remote ? "CAF_POOL__REMOTE__PORT" : "CAF_POOL__ADMIN__PORT"]
    = port;
  auto second = run(options);
  CAPTURE(second.err);
  CHECK(second.status == 69);
  CHECK_THAT(second.err, ContainsSubstring("cannot listen at 127.0.0.1:" + port
                                           + ": the port is in use"));
  CHECK_THAT(second.err, ContainsSubstring(table + ".port (0 picks"));
  CHECK(second.err.find("caf::") == std::string::npos);
  CHECK(second.err.find("cannot_open_port") == std::string::npos);
  CHECK(second.out.empty());
}

TEST_CASE("a node whose port is taken says so although a server hangs") {
  running_node first;
  // The kernel takes connections for it, and nobody answers.
  auto server = chaos_socket::listen(0, 16);
  scratch_folder folder;
  auto file
    = folder.write("node.toml", "[node]\ndrain_timeout = \"10min\"\n"
                                  + postgres_pool(server.port(), slow_limits));
  auto options = node_options(folder, {"--config", file});
  options.environment["CAF_POOL__REMOTE__PORT"]
    = std::to_string(port_of(first.remote));
  auto second = run(options);
  CAPTURE(second.err);
  CHECK(second.status == 69);
  CHECK_THAT(second.err, ContainsSubstring("the port is in use"));
}

TEST_CASE("a gate keeps clients waiting until it lets them in") {
  remote_node node;
  node.add_sqlite("main", 1);
  auto options = gate_options{};
  options.remote = remote_node::patient();
  options.remote.token_file = node.folder() + "/tokens";
  auto gate = publish_gate(node.system(), node.manager(), options);
  REQUIRE(gate);
  auto there = node.options();
  there.address = "127.0.0.1:" + std::to_string(gate->port());
  auto early = there;
  early.connect_limit = 100ms;
  CHECK_FALSE(remote_client::connect(early));
  gate->let_in();
  auto db = remote_client::connect(there);
  REQUIRE(db);
  CHECK(db->execute("main", sql_statement{"SELECT 1"}));
}

// -- servers ------------------------------------------------------------------

TEST_CASE("a node whose server is down says so when it starts", "[trap-T70]") {
  auto port = free_port();
  auto lazy = GENERATE(false, true);
  CAPTURE(lazy);
  running_node x{postgres_pool(port, lazy ? "min_size = 0\n" : "")};
  // Nobody has asked for a connection yet. Perhaps before it was ready.
  CHECK(x.node.wait_for_text("open_failed"));
  if (lazy)
    CHECK(x.node.wait_for_text("server_unreachable"));
  CHECK(eventually([&] {
    auto health = x.ctl({"health"});
    REQUIRE(health.status == 0);
    return health.out.find("degraded") != std::string::npos
           || health.out.find("down") != std::string::npos;
  }));
  CHECK(x.ctl_shows({"health"}, std::to_string(port)));
  x.node.signal(SIGTERM);
  CHECK(x.node.wait() == 0);
}

TEST_CASE("a node whose servers are up has nothing to say about them") {
  running_node x{
    postgres_pool(private_postgres::shared().port(), "min_size = 0\n")};
  CHECK(eventually(
    [&] { return x.ctl({"pools"}).out.find(" 1 ") != std::string::npos; }));
  CHECK(x.ctl_shows({"health"}, " up"));
  CHECK(x.node.err().find("server_unreachable") == std::string::npos);
  CHECK(eventually([&] {
    auto leases = x.ctl({"leases"});
    return leases.status == 0
           && leases.out.find("start check") == std::string::npos;
  }));
}
