#include "support/catch_compat.hpp"
#include "support/process.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <string>

using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

/// A folder for one test; gone with the object.
struct scratch {
  fs::path path;

  scratch() {
    auto pattern = (fs::temp_directory_path() / "caf_pool_XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }

  ~scratch() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

std::string program(const char* variable) {
  auto* path = std::getenv(variable);
  REQUIRE(path != nullptr);
  return path;
}

process_options node_options(const scratch& x,
                             std::vector<std::string> more = {}) {
  process_options result;
  result.command = {program("CAF_POOL_NODE")};
  if (more.empty())
    more = {"--profile", "dev", "--config",
            std::string{CAF_POOL_SOURCE_DIR} + "/config"};
  result.command.insert(result.command.end(), more.begin(), more.end());
  result.environment
    = {{"XDG_STATE_HOME", x.path.string()},
       {"STATE_DIRECTORY", ""},
       {"CAF_POOL__REMOTE__PORT", "0"},
       {"CAF_POOL__ADMIN__PORT", "0"},
       {"CAF_POOL__REMOTE__TOKEN_FILE", (x.path / "token").string()}};
  return result;
}

/// Returns what stands behind "key=" in the readiness line.
std::string value_of(const std::string& line, const std::string& key) {
  auto begin = line.find(' ' + key + '=');
  REQUIRE(begin != std::string::npos);
  begin += key.size() + 2;
  return line.substr(begin, line.find(' ', begin) - begin);
}

/// A node on the dev profile.
struct running_node {
  scratch folder;
  process node{node_options(folder)};
  std::string remote;

  running_node() {
    auto line = node.wait_for_line("ready ");
    REQUIRE(line.has_value());
    remote = value_of(*line, "remote");
  }

  finished_process ctl(std::vector<std::string> arguments) {
    process_options x;
    x.command = {program("CAF_POOL_CTL"), "--connect", remote, "--token-file",
                 (folder.path / "token").string()};
    x.command.insert(x.command.end(), arguments.begin(), arguments.end());
    return caf_pool::test::run(x);
  }
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
  CHECK(x.ctl({"nonsense"}).status == 64);
  CHECK(x.ctl({"pause", "main"}).status == 64); // nobody to ask, no --yes
}

TEST_CASE("an operator pauses, resumes and reconnects a pool", "[S09]") {
  running_node x;
  CHECK(x.ctl({"exec", "main", "SELECT 1"}).status == 0);
  CHECK(x.ctl({"pause", "main", "--yes"}).status == 0);
  auto paused = x.ctl({"health"});
  CHECK_THAT(paused.out, ContainsSubstring("paused"));
  CHECK(x.ctl({"resume", "main"}).status == 0);
  CHECK(x.ctl({"exec", "main", "SELECT 1"}).status == 0);
  CHECK(x.ctl({"reconnect", "main"}).status == 0);
  CHECK(x.ctl({"exec", "main", "SELECT 1"}).status == 0);
}

TEST_CASE("a reload is all or nothing", "[F02][trap-T67]") {
  scratch folder;
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
  scratch folder;
  auto file = folder.path / "bad.toml";
  std::ofstream{file} << "[pools.main]\nbackend = \"sqlite\"\nmax_sise = 3\n";
  auto x = caf_pool::test::run(
    node_options(folder, {"--config", file.string(), "--check-config"}));
  CHECK(x.status == 78);
  CHECK_THAT(x.err, ContainsSubstring("bad.toml:3:"));
  CHECK_THAT(x.err, ContainsSubstring("max_size"));
}

TEST_CASE("the shipped profiles are good") {
  scratch folder;
  for (auto* profile : {"dev", "test", "staging", "prod"}) {
    auto options = node_options(
      folder, {"--profile", profile, "--config",
               std::string{CAF_POOL_SOURCE_DIR} + "/config", "--check-config"});
    options.environment["CAF_POOL__POOLS__MAIN__PASSWORD"] = "secret";
    auto x = caf_pool::test::run(options);
    CAPTURE(profile, x.err);
    CHECK(x.status == 0);
  }
}

TEST_CASE("a node starts although its server is down, and says so") {
  scratch folder;
  auto file = folder.path / "down.toml";
  std::ofstream{file} << "[pools.main]\nbackend = \"sqlite\"\n"
                         "warm_up = \"to_min\"\nwarm_up_timeout = "
                         "\"200ms\"\n[pools.main.sqlite]\n"
                         "path = \"/nosuch/folder/db\"\n";
  process node{node_options(folder, {"--config", file.string()})};
  REQUIRE(node.wait_for_line("ready "));
  CHECK_THAT(node.err(), ContainsSubstring("open_failed"));
  CHECK_THAT(node.err(), ContainsSubstring("start_degraded"));
  node.signal(SIGTERM);
  CHECK(node.wait() == 0);
}

TEST_CASE("the demonstration drives a node and checks what it wrote") {
  running_node x;
  process_options demo;
  demo.command = {program("CAF_POOL_BENCH"),
                  "demo",
                  "--connect",
                  x.remote,
                  "--token-file",
                  (x.folder.path / "token").string(),
                  "--time",
                  "500ms"};
  auto done = caf_pool::test::run(demo);
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
        auto done = caf_pool::test::run(x);
        CAPTURE(name, done.err);
        CHECK(done.status == 0);
        return done.out;
      };
  CHECK_THAT(example("embed"), StartsWith("1 lamp\nup: "));
  CHECK(example("transaction") == "done\nnot enough money\n30\n70\n");
  CHECK(example("custom_backend") == "2\n2\n");
  CHECK(example("embed_in_actor_system") == "hello from\n");
  CHECK(example("time_series")
        == "0: 100 to 102\n60: 100 to 103\n120: 100 to 103\n180: 101 to 101\n");
  running_node x;
  CHECK(example("remote_client", {x.remote, (x.folder.path / "token").string()})
        == "42\nleased\n");
}
