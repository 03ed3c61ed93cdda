// A real node that is told by SIGHUP to read its files again.

#include "caf_pool/remote/client.hpp"
#include "caf_pool/remote/token_file.hpp"
#include "caf_pool/settings/setting_effect.hpp"
#include "caf_pool/settings/setting_text.hpp"
#include "caf_pool/settings/settings.hpp"

#include "node_program.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/other_value.hpp"
#include "support/outcome.hpp"
#include "support/private_postgres.hpp"

#include <nlohmann/json.hpp>

#include <csignal>
#include <filesystem>
#include <map>
#include <string>
#include <type_traits>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;
using json = nlohmann::json;

namespace {

constexpr auto config_path = "/api/v1/admin/connection-pools/config";

constexpr auto memory_pool
  = "[pools.main]\nbackend = \"sqlite\"\n"
    "max_size = 1\n";

/// A node on a file that the test writes anew.
struct reloading_node {
  scratch_folder folder;
  process node;
  std::string remote;
  std::string admin;

  explicit reloading_node(const std::string& text) : reloading_node(text, {}) {
    // nop
  }

  /// Without the variables of these names.
  reloading_node(const std::string& text, const std::vector<std::string>& unset)
    : node(options(text, unset)) {
    auto line = node.wait_for_line("ready ");
    CAPTURE(node.err());
    REQUIRE(line.has_value());
    remote = value_of(*line, "remote");
    admin = value_of(*line, "admin");
  }

  /// Returns what the node says about its file's new content.
  std::string reload(const std::string& text, const char* expected) {
    folder.write("node.toml", text);
    node.signal(SIGHUP);
    auto line = node.wait_for_line(expected);
    CAPTURE(node.err());
    REQUIRE(line.has_value());
    return *line;
  }

  std::string token_path() const {
    return (folder.path / "token").string();
  }

  finished_process ctl(std::vector<std::string> arguments) const {
    process_options x;
    x.command = {program("CAF_POOL_CTL"), "--connect", remote, "--token-file",
                 token_path()};
    x.command.insert(x.command.end(), arguments.begin(), arguments.end());
    return run(x);
  }

  remote_client client(const std::string& principal = "local") const {
    remote_options x;
    x.address = remote;
    x.principal = principal;
    x.token = token_from_file(token_path(), principal).value();
    x.connect_limit = patience;
    x.limit = patience;
    return remote_client::connect(x).value();
  }

  http_reply get(const std::string& path) const {
    http_reply result;
    eventually([&] {
      result = fetch(port_of(admin), path);
      return result.status != 0;
    });
    return result;
  }

private:
  process_options options(const std::string& text,
                          const std::vector<std::string>& unset) const {
    auto result
      = node_options(folder, {"--config", folder.write("node.toml", text)});
    for (auto& name : unset)
      result.environment.erase(name);
    return result;
  }
};

/// Writes a value as TOML does.
template <class T>
std::string toml_value(const T& x) {
  auto text = to_setting_text(x);
  if constexpr (std::is_arithmetic_v<T>)
    return text;
  else
    return '"' + text + '"';
}

std::string toml_of(const node_config& x) {
  std::string result;
  for_each_node_setting(x, [&](const auto& setting, const auto& value) {
    result += std::string{setting.key} + " = " + toml_value(value) + '\n';
  });
  return result + memory_pool;
}

json at(json doc, std::string key) {
  for (auto& c : key)
    c = c == '.' ? '/' : c;
  return doc.at(json::json_pointer{'/' + key});
}

} // namespace

// -- what is refused ----------------------------------------------------------

TEST_CASE("a reload that leaves no pool is refused", "[F02]") {
  reloading_node x{memory_pool};
  for (auto* text : {"", "# nothing\n", "[node]\nname = \"other\"\n"}) {
    auto line = x.reload(text, "reload_refused");
    CHECK_THAT(line,
               ContainsSubstring("no pools left; to stop the node, stop it"));
  }
  CHECK(x.ctl({"exec", "main", "SELECT 1"}).status == 0);
  x.reload(memory_pool, "reloaded");
}

TEST_CASE("a reload is refused as a whole if the tokens cannot be read",
          "[F02]") {
  reloading_node x{memory_pool};
  auto db = x.client();
  auto text = std::string{memory_pool} + "max_waiters = 17\n";
  SECTION("because the file is gone") {
    std::filesystem::remove(x.token_path());
  }
  SECTION("because it is wrong") {
    x.folder.write("token", "nonsense\n");
  }
  auto line = x.reload(text, "reload_refused");
  CHECK_THAT(line, ContainsSubstring("token"));
  CHECK(db.snapshot("main")->max_waiters == 10);
  CHECK(db.execute("main", sql_statement{"SELECT 1"}).has_value());
}

// -- what is in force ---------------------------------------------------------

TEST_CASE(
  "every setting of a node is in force after a reload, or said to need "
  "a restart",
  "[F04]") {
  scratch_folder folder;
  node_config before;
  before.remote.port = 0;
  before.admin.port = 0;
  before.remote.token_file = (folder.path / "tokens").string();
  before.state_folder = folder.path.string();
  reloading_node x{toml_of(before),
                   {"CAF_POOL__REMOTE__PORT", "CAF_POOL__ADMIN__PORT",
                    "CAF_POOL__REMOTE__TOKEN_FILE"}};
  auto after = before;
  for_each_node_setting(after,
                        [](const auto& s, auto& field) { change(s, field); });
  after.remote.address = after.admin.address = "localhost";
  after.log.level = "debug";
  // The log itself changed, level and format.
  CHECK_THAT(x.reload(toml_of(after), "reloaded"),
             ContainsSubstring("\"event\":\"reloaded\""));
  auto shown = json::parse(x.get(config_path).body);
  std::map<std::string, std::string> wished;
  for_each_node_setting(after, [&](const auto& s, const auto& value) {
    wished[std::string{s.key}] = to_setting_text(value);
  });
  for_each_node_setting(before, [&](const auto& s, const auto& value) {
    auto key = std::string{s.key};
    CAPTURE(key, x.node.err());
    auto now = at(shown, key);
    auto text = now.is_string() ? now.template get<std::string>() : now.dump();
    REQUIRE(wished[key] != to_setting_text(value));
    if (effect_of_node_key(key) == change_effect::restart) {
      CHECK(text == to_setting_text(value));
      CHECK_THAT(x.node.err(),
                 ContainsSubstring("needs_restart key=" + key + ' '));
    } else {
      CHECK(text == wished[key]);
      CHECK(x.node.err().find("needs_restart key=" + key + ' ')
            == std::string::npos);
    }
  });
  x.node.signal(SIGTERM);
  CHECK(x.node.wait() == 0);
  CHECK_THAT(x.node.err(), ContainsSubstring("\"limit\":\"31s\""));
}

TEST_CASE("the log's level follows a reload", "[F04]") {
  reloading_node x{memory_pool};
  CHECK(x.ctl({"exec", "main", "SELECT 1"}).status == 0);
  CHECK(x.node.err().find("connection_opened") == std::string::npos);
  x.reload(std::string{"log.level = \"debug\"\n"} + memory_pool, "reloaded");
  CHECK(x.ctl({"reconnect", "main"}).status == 0);
  CHECK(x.ctl({"exec", "main", "SELECT 1"}).status == 0);
  CHECK(x.node.wait_for_text("connection_opened"));
}

TEST_CASE("the largest result follows a reload", "[F03]") {
  reloading_node x{memory_pool};
  auto db = x.client();
  auto run
    = [&](const char* sql) { return db.execute("main", sql_statement{sql}); };
  REQUIRE(run("CREATE TABLE t (x)").has_value());
  REQUIRE(run("INSERT INTO t VALUES (zeroblob(9000))").has_value());
  REQUIRE(run("SELECT x FROM t").has_value());
  x.reload(std::string{memory_pool} + "max_result_bytes = 2048\n", "reloaded");
  CHECK(code_of(run("SELECT x FROM t")) == errc::result_too_large);
  // The database in memory is the same one.
  CHECK(run("SELECT count(*) FROM t").has_value());
  CHECK_THAT(x.get(config_path).body, ContainsSubstring("2048"));
}

TEST_CASE("a pool that is taken out and put back serves old sessions, too",
          "[trap-T67]") {
  auto more = std::string{memory_pool} + "[pools.more]\nbackend = \"sqlite\"\n"
              "max_size = 1\n";
  reloading_node x{more};
  auto db = x.client();
  auto select = sql_statement{"SELECT 1"};
  REQUIRE(db.execute("more", select).has_value());
  x.reload(memory_pool, "reloaded");
  CHECK(code_of(db.execute("more", select)) == errc::pool_not_found);
  x.reload(more, "reloaded");
  CHECK(db.execute("more", select).has_value());
}

// -- pools that ended ---------------------------------------------------------

TEST_CASE(
  "a node whose required pool was drained is not ready until it is back",
  "[A06]") {
  reloading_node x{memory_pool};
  auto db = x.client();
  auto select = sql_statement{"SELECT 1"};
  REQUIRE(db.execute("main", select).has_value());
  REQUIRE(x.ctl({"drain", "main", "--yes"}).status == 0);
  auto shows = [&](const std::string& path, int status, const char* part) {
    return eventually([&] {
      auto reply = fetch(port_of(x.admin), path);
      return reply.status == status
             && reply.body.find(part) != std::string::npos;
    });
  };
  CHECK(shows("/readyz", 503, "pool main is closed: it was drained"));
  CHECK(shows("/api/v1/admin/connection-pools/health", 200, "closed"));
  CHECK(shows("/metrics", 200,
              "caf_pool_status{pool=\"main\",status=\"closed\"} 1"));
  for (auto* view : {"pools", "health"}) {
    auto done = x.ctl({view});
    CAPTURE(done.out, done.err);
    CHECK(done.status == 0);
    CHECK_THAT(done.out, ContainsSubstring("closed"));
  }
  auto refused = db.execute("main", select);
  CHECK(code_of(refused) == errc::closed);
  CHECK_THAT(refused.error().message, ContainsSubstring("it was drained"));
  SECTION("by resume") {
    REQUIRE(x.ctl({"resume", "main"}).status == 0);
  }
  SECTION("by a reload of the same file") {
    x.reload(memory_pool, "reloaded");
  }
  CHECK(db.execute("main", select).has_value());
  CHECK(shows("/readyz", 200, "ready"));
}

// -- a server with a password -------------------------------------------------

#if CAF_POOL_WITH_POSTGRES

TEST_CASE("a rotated password is used as soon as it is reloaded", "[F05]") {
  private_postgres server;
  scratch_folder secrets;
  auto word = std::string{private_postgres::guarded_password};
  auto file = secrets.write("password", word);
  auto text
    = "[pools.main]\nbackend = \"postgres\"\n"
      "retry.cap = \"1h\"\npassword_file = \""
      + file + "\"\n[pools.main.postgres]\nhost = \"127.0.0.1\"\nport = "
      + std::to_string(server.port())
      + "\nuser = \"guarded\"\ndatabase = \"app\"\n";
  reloading_node x{text};
  auto db = x.client();
  auto select = sql_statement{"SELECT 1"};
  REQUIRE(db.execute("main", select).has_value());
  server.query("ALTER ROLE guarded PASSWORD 'another'");
  server.terminate_backends();
  // Nobody tries again for an hour.
  REQUIRE(eventually(
    [&] { return code_of(db.execute("main", select)) == errc::open_refused; }));
  secrets.write("password", "another");
  x.reload(text, "reloaded");
  CHECK(db.execute("main", select).has_value());
}

TEST_CASE("the server's limit for statements follows a reload", "[F03]") {
  private_postgres server;
  auto text = [&](const char* limit) {
    return "[pools.main]\nbackend = \"postgres\"\nexecute_timeout = \""
           + std::string{limit}
           + "\"\n[pools.main.postgres]\nstatement_timeout = \""
           + std::string{limit} + "\"\nhost = \"" + server.socket_dir()
           + "\"\nport = " + std::to_string(server.port())
           + "\nuser = \"app\"\ndatabase = \"app\"\n";
  };
  reloading_node x{text("5min")};
  auto db = x.client();
  auto shown = [&] {
    auto rows = db.execute("main", sql_statement{"SHOW statement_timeout"});
    REQUIRE(rows.has_value());
    return (*rows)[0][0].as<std::string>();
  };
  CHECK(shown() == "5min");
  x.reload(text("4min"), "reloaded");
  CHECK(shown() == "4min");
}

#endif
