#include "caf_pool/remote/client.hpp"
#include "caf_pool/remote/token_file.hpp"

#include "node_program.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/private_postgres.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

/// Takes what a node tells its service manager.
class service_manager {
public:
  explicit service_manager(std::string path)
    : path_(std::move(path)),
      fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    REQUIRE(path_.copy(where.sun_path, sizeof(where.sun_path) - 1)
            == path_.size());
    REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&where), sizeof(where))
            == 0);
  }

  service_manager(const service_manager&) = delete;
  service_manager& operator=(const service_manager&) = delete;

  ~service_manager() {
    ::close(fd_);
  }

  const std::string& path() const {
    return path_;
  }

  /// Returns all messages since the last call, a line each.
  std::string heard() {
    std::string result;
    std::array<char, 4096> buf;
    for (auto n = ::read(fd_, buf.data(), buf.size()); n > 0;
         n = ::read(fd_, buf.data(), buf.size()))
      result.append(buf.data(), static_cast<std::size_t>(n)) += '\n';
    return result;
  }

private:
  std::string path_;
  int fd_;
};

} // namespace

TEST_CASE("a node on the dev profile serves, drains and ends with 0", "[S05]") {
  running_node x;
  auto made = x.ctl({"exec", "main", "CREATE TABLE item (id INTEGER)"});
  CHECK(made.status == 0);
  CHECK(x.ctl({"exec", "main", "INSERT INTO item VALUES (7)"}).status == 0);
  auto rows = x.ctl({"exec", "main", "SELECT id FROM item"});
  CHECK(rows.status == 0);
  CHECK_THAT(rows.out, ContainsSubstring("7"));
  x.node.signal(SIGTERM);
  CHECK(x.node.wait() == 0);
  CHECK_THAT(x.node.err(), ContainsSubstring("drained"));
}

TEST_CASE("ctl shows pools as a table and as JSON") {
  running_node x;
  auto table = x.ctl({"pools"});
  CHECK(table.status == 0);
  CHECK_THAT(table.out, ContainsSubstring("MAXWAIT"));
  CHECK_THAT(table.out, ContainsSubstring("sqlite"));
  for (auto* view : {"pools", "stats", "health", "leases"}) {
    auto json = x.ctl({"--json", view});
    CAPTURE(view, json.out, json.err);
    CHECK(json.status == 0);
    CHECK_THAT(json.out, StartsWith("{\n  \"schema\": 1"));
  }
}

TEST_CASE("ctl tells by its exit code what went wrong") {
  running_node x;
  CHECK(x.ctl({"exec", "main", "SELEKT 1"}).status == 1);
  auto missing = x.ctl({"stats", "nosuch"});
  CHECK(missing.status == 69);
  CHECK_THAT(missing.err, ContainsSubstring("main"));
  auto typo = x.ctl({"haelth"});
  CHECK(typo.status == 64);
  CHECK_THAT(typo.err, ContainsSubstring("did you mean \"health\""));
  auto bare = x.ctl({});
  CHECK(bare.status == 64);
  CHECK_THAT(bare.err, ContainsSubstring("subcommand is required"));
  auto stranger = x.ctl({"--principal", "bob", "pools"});
  CHECK(stranger.status == 78);
  CHECK_THAT(stranger.err, ContainsSubstring("bob"));
  CHECK(x.ctl({"pause", "main"}).status == 64); // nobody to ask, no --yes
}

TEST_CASE("ctl finds the token of a node of the same user by itself") {
  running_node x;
  process_options ctl;
  ctl.command = {program("CAF_POOL_CTL"), "--connect", x.remote, "pools"};
  ctl.environment = {{"XDG_STATE_HOME", x.folder.path.string()},
                     {"STATE_DIRECTORY", ""},
                     {"CAF_POOL_TOKEN_FILE", ""},
                     {"CAF_POOL_TOKEN", ""}};
  auto lost = run(ctl);
  CHECK(lost.status == 78);
  CHECK_THAT(lost.err, ContainsSubstring("caf_pool/tokens"));
  CHECK_THAT(lost.err, ContainsSubstring("--token-file"));
  std::filesystem::create_directories(x.folder.path / "caf_pool");
  std::filesystem::copy_file(x.folder.path / "token",
                             x.folder.path / "caf_pool" / "tokens");
  CHECK(run(ctl).status == 0);
  ctl.environment["CAF_POOL_TOKEN"] = "0123456789abcdef";
  auto refused = run(ctl);
  CHECK(refused.status == 77);
  CHECK_THAT(refused.err, ContainsSubstring("unauthorized"));
}

TEST_CASE("a forced breaker tells no time at which it would close") {
  running_node x;
  remote_options options;
  options.address = x.remote;
  options.token
    = token_from_file((x.folder.path / "token").string(), "local").value();
  options.connect_limit = patience;
  auto db = remote_client::connect(options).value();
  REQUIRE(db.control("main", verb::force_open));
  CHECK(x.ctl_shows({"health"}, "breaker forced_open\n"));
  auto refused = x.ctl({"exec", "main", "SELECT 1"});
  CHECK(refused.status == 75);
  CHECK(refused.err.find("for 0") == std::string::npos);
  CHECK(refused.err.find("for another") == std::string::npos);
  REQUIRE(db.control("main", verb::reset_breaker));
  CHECK(x.ctl({"exec", "main", "SELECT 1"}).status == 0);
}

TEST_CASE("an operator pauses, resumes and reconnects a pool", "[S09]") {
  running_node x;
  CHECK(x.ctl({"exec", "main", "SELECT 1"}).status == 0);
  CHECK(x.ctl({"pause", "main", "--yes"}).status == 0);
  CHECK(x.ctl_shows({"health"}, "paused"));
  CHECK(x.ctl({"resume", "main"}).status == 0);
  CHECK(x.ctl({"exec", "main", "SELECT 1"}).status == 0);
  CHECK(x.ctl({"reconnect", "main"}).status == 0);
  CHECK(x.ctl({"exec", "main", "SELECT 1"}).status == 0);
}

TEST_CASE("a reload is all or nothing", "[F02][trap-T67]") {
  scratch_folder folder;
  auto file = folder.path / "pools.toml";
  auto write = [&](const std::string& size) {
    std::ofstream{file} << "[pools.main]\nbackend = \"sqlite\"\nmax_size = "
                        << size << "\n[pools.main.sqlite]\npath = \""
                        << (folder.path / "db").string() << "\"\n";
  };
  write("3");
  process node{node_options(folder, {"--config", file.string()})};
  REQUIRE(node.wait_for_line("ready "));
  write("\"many\"");
  node.signal(SIGHUP);
  auto refused = node.wait_for_line("reload_refused");
  REQUIRE(refused.has_value());
  CHECK_THAT(*refused, ContainsSubstring("max_size"));
  write("4");
  node.signal(SIGHUP);
  CHECK(node.wait_for_line("reloaded"));
  node.signal(SIGTERM);
  CHECK(node.wait() == 0);
}

TEST_CASE("a bad configuration ends with 78 and says where it is bad",
          "[F01]") {
  scratch_folder folder;
  auto file = folder.path / "bad.toml";
  std::ofstream{file} << "[pools.main]\nbackend = \"sqlite\"\nmax_sise = 3\n";
  auto x
    = run(node_options(folder, {"--config", file.string(), "--check-config"}));
  CHECK(x.status == 78);
  CHECK_THAT(x.err, ContainsSubstring("bad.toml:3:"));
  CHECK_THAT(x.err, ContainsSubstring("max_size"));
}

TEST_CASE("the shipped profiles are good") {
  scratch_folder folder;
  for (auto* profile : {"dev", "test", "staging", "prod"}) {
    auto options = node_options(
      folder, {"--profile", profile, "--config",
               std::string{CAF_POOL_SOURCE_DIR} + "/config", "--check-config"});
    options.environment["CAF_POOL__POOLS__MAIN__PASSWORD"] = "secret";
    auto x = run(options);
    CAPTURE(profile, x.err);
    CHECK(x.status == 0);
  }
}

TEST_CASE(
  "a node on warm pools starts although its server is down, and says so") {
  scratch_folder folder;
  auto file = folder.path / "down.toml";
  std::ofstream{file} << "[pools.main]\nbackend = \"sqlite\"\n"
                         "warm_up = \"to_min\"\nwarm_up_timeout = "
                         "\"200ms\"\n[pools.main.sqlite]\n"
                         "path = \"/nosuch/folder/db\"\n";
  process node{node_options(folder, {"--config", file.string()})};
  REQUIRE(node.wait_for_line("ready "));
  // The pool's events reach the log by messages, later than the start's own.
  for (auto* said : {"start_degraded", "open_failed"}) {
    CAPTURE(said);
    CHECK(node.wait_for_text(said));
  }
  node.signal(SIGTERM);
  CHECK(node.wait() == 0);
}

TEST_CASE("a node that is told to stop while its pools warm up does so",
          "[S05]") {
  scratch_folder folder;
  auto file = folder.write("cold.toml",
                           "[pools.main]\nbackend = \"sqlite\"\n"
                           "warm_up = \"to_min\"\nwarm_up_timeout = \"1h\"\n"
                           "[pools.main.sqlite]\npath = \"/nosuch/db\"\n");
  service_manager manager{folder.path / "notify"};
  auto options = node_options(folder, {"--config", file});
  options.environment["NOTIFY_SOCKET"] = manager.path();
  process node{options};
  // It warms up by then, and for long.
  REQUIRE(node.wait_for_text("open_failed"));
  node.signal(SIGTERM);
  CHECK(node.wait() == 0);
  CHECK_THAT(node.err(), ContainsSubstring("drained"));
  // It never was ready.
  CHECK(node.out().empty());
  auto heard = manager.heard();
  CHECK_THAT(heard, ContainsSubstring("STOPPING=1"));
  CHECK(heard.find("READY=1") == std::string::npos);
}

TEST_CASE("the demonstration drives a node and checks what it wrote") {
  running_node x;
  process_options demo;
  demo.command = {
    program("CAF_POOL_DEMO"),           "--connect", x.remote, "--token-file",
    (x.folder.path / "token").string(), "--time",    "500ms"};
  auto done = run(demo);
  CAPTURE(done.out, done.err);
  CHECK(done.status == 0);
  CHECK_THAT(done.out, ContainsSubstring("all of them found again"));
}

TEST_CASE("every example runs") {
  auto* folder = std::getenv("CAF_POOL_EXAMPLES");
  REQUIRE(folder != nullptr);
  auto example
    = [&](const std::string& name, std::vector<std::string> more = {}) {
        process_options x;
        x.command = {std::string{folder} + "/example_" + name};
        x.command.insert(x.command.end(), more.begin(), more.end());
        auto done = run(x);
        CAPTURE(name, done.err);
        CHECK(done.status == 0);
        return done.out;
      };
  CHECK_THAT(example("embed"), StartsWith("1 lamp\nup: "));
  CHECK(example("transaction") == "done\nnot enough money\n30\n70\n");
  CHECK(example("custom_backend") == "2\n2\n");
  running_node x;
  CHECK(example("custom_backend_node", {x.folder.path.string()}) == "1\n");
  CHECK(example("embed_in_actor_system") == "hello from\n");
  auto& server = private_postgres::shared();
  auto url
    = "postgres://app@127.0.0.1:" + std::to_string(server.port()) + "/app";
  for (auto& more : {std::vector<std::string>{}, std::vector{url}}) {
    CHECK(
      example("time_series", more)
      == "0: 100 to 102\n60: 100 to 103\n120: 100 to 103\n180: 101 to 101\n");
    CHECK(example("audit_log", more)
          == "sold 2: done\nsold 5: refused\nann sold 2\n");
  }
  CHECK(example("remote_client", {x.remote, (x.folder.path / "token").string()})
        == "42\nleased\n");
}
