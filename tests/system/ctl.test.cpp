// What caf_pool_ctl does besides showing values.

#include "node_program.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/private_postgres.hpp"

#include <nlohmann/json.hpp>

#include <csignal>
#include <string>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;
using json = nlohmann::json;

namespace {

finished_process ctl_alone(const scratch_folder& folder,
                           std::vector<std::string> arguments) {
  process_options x;
  x.command = {program("CAF_POOL_CTL")};
  x.command.insert(x.command.end(), arguments.begin(), arguments.end());
  x.environment
    = {{"XDG_STATE_HOME", folder.path.string()}, {"STATE_DIRECTORY", ""}};
  return run(x);
}

} // namespace

// -- the wrong port -----------------------------------------------------------

TEST_CASE("ctl at the admin port says so and names the remote port") {
  running_node x;
  auto right = x.remote;
  x.remote = x.admin;
  auto wrong = x.ctl({"pools"});
  CHECK(wrong.status == 69);
  CHECK_THAT(wrong.err, ContainsSubstring(x.admin
                                          + " is the admin port of a "
                                            "node; the remote port is "
                                          + right));
  CHECK(wrong.out.empty());
}

TEST_CASE("ctl at the admin port of a node without clients says that") {
  running_node x{
    "[remote]\nenabled = false\n[pools.main]\n"
    "backend = \"sqlite\"\nmax_size = 1\n[pools.main.sqlite]\n"
    "path = \":memory:\"\n"};
  x.folder.write("token", "local operate 0123456789abcdef0123\n");
  x.remote = x.admin;
  auto wrong = x.ctl({"pools"});
  CHECK(wrong.status == 69);
  CHECK_THAT(wrong.err, ContainsSubstring("remote.enabled = true"));
}

TEST_CASE("ctl at another server says that it is no node") {
  auto& server = private_postgres::shared();
  running_node x;
  x.remote = "127.0.0.1:" + std::to_string(server.port());
  auto wrong = x.ctl({"pools"});
  CHECK(wrong.status == 69);
  CHECK_THAT(wrong.err,
             ContainsSubstring(x.remote + " is no node of caf_pool"));
  CHECK_THAT(wrong.err, ContainsSubstring("remote="));
}

// -- connections --------------------------------------------------------------

TEST_CASE("ctl lists the connections of a pool") {
  running_node x;
  REQUIRE(x.ctl({"exec", "main", "SELECT 1"}).status == 0);
  auto table = x.ctl({"connections", "main"});
  CHECK(table.status == 0);
  CHECK_THAT(table.out, StartsWith("POOL  CONNECTION  STATE "));
  CHECK_THAT(table.out, ContainsSubstring("  USES\n"));
  auto list = x.ctl({"--json", "connections"});
  CHECK(list.status == 0);
  CHECK(json::parse(list.out)["connections"].is_array());
  auto pools = json::parse(x.ctl({"--json", "pools"}).out)["pools"];
  CHECK(pools[0].contains("peak_leased"));
}

// -- drain --------------------------------------------------------------------

TEST_CASE("ctl drains a pool, and asks first") {
  running_node x;
  REQUIRE(x.ctl({"exec", "main", "SELECT 1"}).status == 0);
  auto asked = x.ctl({"drain", "main"});
  CHECK(asked.status == 64);
  CHECK_THAT(asked.err, ContainsSubstring("--yes"));
  CHECK(x.ctl({"exec", "main", "SELECT 1"}).status == 0);
  CHECK(x.ctl({"drain", "main", "--yes", "--limit", "nonsense"}).status == 64);
  CHECK(x.ctl({"drain", "main", "--yes", "--limit", "20s"}).status == 0);
  CHECK(eventually([&] {
    return x.ctl({"exec", "main", "SELECT 1"}).status != 0;
  }));
}

// -- configurations -----------------------------------------------------------

TEST_CASE("ctl checks a configuration and tells all problems") {
  scratch_folder folder;
  auto file = folder.write("mine.toml",
                           "[pools.main]\nmax_size = 3\n"
                           "[pools.main.sqlite]\n"
                           "path = \"${state}/x.sqlite\"\n");
  auto good = ctl_alone(folder, {"config", "check", "--config", file});
  CAPTURE(good.err);
  CHECK(good.status == 0);
  CHECK(good.out == "the configuration is good: profile mine, 1 pools\n");
  auto doc = json::parse(
    ctl_alone(folder, {"--json", "config", "check", "--config", file}).out);
  CHECK(doc["good"] == true);
  CHECK(doc["warnings"].empty());
  file
    = folder.write("mine.toml", "[pools.main]\nmax_size = 0\nmin_siez = 3\n");
  auto bad = ctl_alone(folder, {"config", "check", "--config", file});
  CHECK(bad.status == 78);
  CHECK_THAT(bad.err, ContainsSubstring("max_size = 0: must be from 1"));
  CHECK_THAT(bad.err, ContainsSubstring("did you mean \"min_size\"?"));
}

TEST_CASE("ctl warns about variables that are almost settings") {
  scratch_folder folder;
  process_options x;
  x.command = {program("CAF_POOL_CTL"), "config", "check"};
  x.environment = {{"CAF_POOL_POOLS_MAIN_MAX_SIZE", "20"}};
  auto done = run(x);
  CHECK(done.status == 0);
  CHECK_THAT(done.out,
             ContainsSubstring("warning: environment: CAF_POOL_POOLS_"
                               "MAIN_MAX_SIZE: is no setting; did you "
                               "mean CAF_POOL__POOLS__MAIN__MAX_SIZE?"));
}

TEST_CASE("ctl shows a configuration and where each value is from") {
  scratch_folder folder;
  folder.write("base.toml", "[defaults]\nmax_size = 7\n");
  folder.write("mine.toml", "[pools.main]\nmin_size = 2\n"
                            "[pools.main.sqlite]\npath = \"a.db\"\n");
  auto common = std::vector<std::string>{
    "config",    "show", "--config", folder.path.string(),
    "--profile", "mine", "--set",    "node.name=n1"};
  auto plain = ctl_alone(folder, common);
  CHECK(plain.status == 0);
  CHECK_THAT(plain.out, ContainsSubstring("max_size = 7\n"));
  CHECK(plain.out.find("base.toml") == std::string::npos);
  common.emplace_back("--origin");
  auto origins = ctl_alone(folder, common);
  CHECK(origins.status == 0);
  CHECK_THAT(origins.out, ContainsSubstring("max_size = 7  # base.toml:2\n"));
  CHECK_THAT(origins.out, ContainsSubstring("min_size = 2  # mine.toml:2\n"));
  CHECK_THAT(origins.out, ContainsSubstring("name = \"n1\"  # command line\n"));
  common.insert(common.begin(), "--json");
  auto doc = json::parse(ctl_alone(folder, common).out);
  auto found = false;
  for (auto& x : doc["settings"])
    found = found
            || x
                 == json{{"key", "pools.main.max_size"},
                         {"value", "7"},
                         {"origin", "base.toml:2"}};
  CHECK(found);
}

// -- completion ---------------------------------------------------------------

TEST_CASE("bash completes commands, options and pools of ctl") {
  running_node x;
  auto complete = [&](const std::string& words) {
    auto script
      = "source \"$1\"; shift; COMP_WORDS=(\"$@\"); "
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _caf_pool_ctl; "
        "printf '%s\\n' \"${COMPREPLY[@]}\"";
    process_options bash;
    bash.command = {"bash",
                    "-c",
                    script,
                    "bash",
                    std::string{CAF_POOL_SOURCE_DIR}
                      + "/apps/caf_pool_ctl/completion.bash",
                    program("CAF_POOL_CTL"),
                    "--connect",
                    x.remote,
                    "--token-file",
                    (x.folder.path / "token").string()};
    std::string word;
    for (auto c : words + ' ') {
      if (c != ' ') {
        word += c;
        continue;
      }
      bash.command.push_back(word);
      word.clear();
    }
    auto done = run(bash);
    CHECK(done.status == 0);
    return done.out;
  };
  CHECK(complete("con") == "connections\nconfig\n");
  CHECK(complete("drain m") == "main\n");
  CHECK(complete("drain main --y") == "--yes\n");
  CHECK(complete("config s") == "show\n");
  CHECK(complete("config show --or") == "--origin\n");
  // Every command of the program is known.
  auto help = run({.command = {program("CAF_POOL_CTL"), "--help"}}).out;
  auto all = complete("");
  for (auto* name :
       {"pools", "stats", "health", "leases", "connections", "exec", "drain",
        "pause", "resume", "reconnect", "config"}) {
    CHECK_THAT(help, ContainsSubstring(std::string{"  "} + name + ' '));
    CHECK_THAT(all, ContainsSubstring(std::string{name} + '\n'));
  }
}
