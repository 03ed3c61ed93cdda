// What a node does with file descriptors: the first three, and the last ones.

#include "caf_pool/gate/descriptors.hpp"

#include "node_program.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/free_port.hpp"
#include "support/http_client.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

/// The same program, started without descriptors 0 to 2.
process_options without_streams(process_options x) {
  std::vector<std::string> command
    = {"/bin/sh", "-c", "exec \"$0\" \"$@\" 0<&- 1>&- 2>&-"};
  command.insert(command.end(), x.command.begin(), x.command.end());
  x.command = std::move(command);
  return x;
}

fs::path target_of(pid_t pid, int fd) {
  std::error_code ignored;
  return fs::read_symlink(
    "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd), ignored);
}

/// Processor time that a process has used.
duration used_time(pid_t pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  std::istringstream fields{text.substr(text.rfind(") ") + 2)};
  std::string skipped;
  for (auto i = 0; i < 11; ++i)
    fields >> skipped;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  fields >> user >> system;
  return std::chrono::nanoseconds{1'000'000'000}
         / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)) * (user + system);
}

rlimit files_of(pid_t pid) {
  rlimit x{};
  REQUIRE(::prlimit(pid, RLIMIT_NOFILE, nullptr, &x) == 0);
  return x;
}

void limit_files(pid_t pid, rlim_t number) {
  auto x = files_of(pid);
  x.rlim_cur = number;
  REQUIRE(::prlimit(pid, RLIMIT_NOFILE, &x, nullptr) == 0);
}

/// A node that soon gives up on peers that do not log in.
std::string impatient(const std::string& login_timeout,
                      const std::string& more = {}) {
  return "[remote]\nlogin_timeout = \"" + login_timeout + "\"\n" + more
         + "[pools.main]\nbackend = \"sqlite\"\nmax_size = 1\n"
           "[pools.main.sqlite]\npath = \":memory:\"\n";
}

std::vector<http_client> silent_peers(std::uint16_t port, int number) {
  std::vector<http_client> result;
  for (auto i = 0; i < number; ++i)
    result.emplace_back(port);
  return result;
}

bool works(const running_node& x) {
  return x.ctl({"exec", "main", "SELECT 1"}).status == 0;
}

} // namespace

// -- the first three ----------------------------------------------------------

TEST_CASE("a node that is started without descriptors 0 to 2 opens them") {
  scratch_folder folder;
  auto port = free_port();
  auto options = node_options(
    folder,
    {"--config", folder.write("node.toml",
                              "[pools.main]\nbackend = \"sqlite\"\n"
                              "min_size = 1\nwarm_up = \"to_min\"\n"
                              "[pools.main.sqlite]\npath = \""
                                + (folder.path / "db").string() + "\"\n")});
  options.environment["CAF_POOL__ADMIN__PORT"] = std::to_string(port);
  process node{without_streams(options)};
  REQUIRE(eventually([port] {
    try {
      return fetch(port, "/readyz").status == 200;
    } catch (const std::exception&) {
      return false; // nobody listens yet
    }
  }));
  for (auto fd = 0; fd < 3; ++fd) {
    CAPTURE(fd);
    CHECK(target_of(node.pid(), fd) == "/dev/null");
  }
  node.signal(SIGTERM);
  CHECK(node.wait() == 0);
}

TEST_CASE("every other program may be started without descriptors 0 to 2") {
  running_node x;
  process_options ctl;
  ctl.command = {program("CAF_POOL_CTL"),
                 "--connect",
                 x.remote,
                 "--token-file",
                 (x.folder.path / "token").string(),
                 "exec",
                 "main",
                 "SELECT 1"};
  CHECK(run(without_streams(ctl)).status == 0);
  process_options bench;
  bench.command = {program("CAF_POOL_BENCH"), "--list"};
  CHECK(run(without_streams(bench)).status == 0);
  process_options example;
  example.command = {program("CAF_POOL_EXAMPLES") + "/example_embed"};
  CHECK(run(without_streams(example)).status == 0);
}

// -- the last ones ------------------------------------------------------------

TEST_CASE("descriptors are divided among pools and ports") {
  using descriptors::divide;
  using descriptors::shares;
  // Plenty: everybody gets what was asked for.
  CHECK(divide(1'000'000, 100, {1000, 256}) == shares{1000, 256});
  // 1024 - 64 - 2 * 20 = 920.
  CHECK(divide(1024, 20, {1000, 256}) == shares{664, 256});
  CHECK(divide(364, 0, {1000, 256}) == shares{200, 100});
  // Too few for the pools alone.
  CHECK(divide(100, 1000, {1000, 256}) == shares{8, 8});
  // Whoever asks for less gets no more.
  CHECK(divide(1'000'000, 100, {4, 8}) == shares{4, 8});
}

TEST_CASE("a node may open as many files as the system lets it") {
  running_node x{impatient("10min")};
  auto files = files_of(x.node.pid());
  CHECK(files.rlim_cur == files.rlim_max);
}

TEST_CASE("a node serves no more peers than it may, and the rest later") {
  running_node x{impatient("10min", "max_connections = 4\n")};
  auto peers = silent_peers(port_of(x.remote), 5);
  // One of them is hung up on.
  CHECK(eventually([&] {
    return std::any_of(peers.begin(), peers.end(),
                       [](auto& peer) { return peer.closed(1ms); });
  }));
  CHECK(x.node.wait_for_text("remote_peers_refused"));
  peers.clear();
  CHECK(eventually([&] { return works(x); }));
}

TEST_CASE("a peer that does not log in is cut off", "[security-S6]") {
  running_node x{impatient("300ms")};
  auto peers = silent_peers(port_of(x.remote), 3);
  // The second says something, but no login.
  peers[1].send("BASP?");
  for (auto& peer : peers)
    CHECK(peer.closed());
  // Who is logged in stays, however long.
  CHECK(works(x));
}

TEST_CASE("a node without descriptors can be asked, is quiet and comes back") {
  running_node x{impatient("10min")};
  limit_files(x.node.pid(), 64);
  auto peers = silent_peers(port_of(x.remote), 150);
  for (auto i = 0; i < 20; ++i)
    CHECK(fetch(x.admin_port(), "/livez").status == 200);
  peers.clear();
  CHECK(eventually([&] { return works(x); }));
}

TEST_CASE("a node that may open nothing more does not spin") {
  running_node x{impatient("10min")};
  REQUIRE(works(x));
  limit_files(x.node.pid(), 8); // fewer than it has open
  auto remote = silent_peers(port_of(x.remote), 20);
  auto admin = silent_peers(x.admin_port(), 20);
  auto before = used_time(x.node.pid());
  auto start = clock::now();
  // Long enough for a share that cannot be a mishap.
  CHECK_FALSE(eventually([] { return false; }, 3s));
  auto used = used_time(x.node.pid()) - before;
  auto took = clock::now() - start;
  CAPTURE(used.count(), took.count());
  CHECK(2 * used < took);
  remote.clear();
  admin.clear();
  limit_files(x.node.pid(), 1024);
  CHECK(eventually([&] { return works(x); }));
  CHECK(fetch(x.admin_port(), "/livez").status == 200);
}
