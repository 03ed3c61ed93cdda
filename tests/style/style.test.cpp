#include "rules.hpp"
#include "support/catch_compat.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

using namespace caf_pool::style;

namespace {

using rule = void (*)(const source_file&, problems&);

const std::vector<source_file>& tree() {
  static const auto files = read_tree(CAF_POOL_SOURCE_DIR);
  return files;
}

std::string to_string(const problems& xs) {
  std::string result;
  for (auto& x : xs)
    result += x.path + ":" + std::to_string(x.line) + ": " + x.text + "\n";
  return result;
}

std::string broken_in_tree(rule check) {
  problems found;
  for (auto& file : tree())
    check(file, found);
  return to_string(found);
}

// What a rule says about a sample that lies in a folder of its own, read the
// way the repository is.
std::string broken_in(rule check, const std::string& path,
                      const std::string& text) {
  namespace fs = std::filesystem;
  auto pattern = (fs::temp_directory_path() / "caf_pool_style_XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  fs::path root{pattern};
  fs::create_directories((root / path).parent_path());
  std::ofstream{root / path} << text;
  problems found;
  for (auto& file : read_tree(root))
    check(file, found);
  fs::remove_all(root);
  return to_string(found);
}

const std::string lib = "libcaf_pool/caf_pool/";

std::string lines(size_t n, const std::string& text = "// nop\n") {
  std::string result;
  while (n-- > 0)
    result += text;
  return result;
}

} // namespace

TEST_CASE("the repository is found") {
  CHECK(tree().size() > 20);
}

TEST_CASE("includes point down the layers") {
  CHECK(broken_in_tree(check_includes) == "");
  auto bad = [](const std::string& path, const std::string& header) {
    return broken_in(check_includes, lib + path, "#include " + header + "\n");
  };
  CHECK(bad("core/x.hpp", "<chrono>") == "");
  CHECK(bad("core/x.hpp", "\"caf_pool/core/time.hpp\"") == "");
  CHECK(bad("core/x.hpp", "<caf/actor.hpp>")
        == lib + "core/x.hpp:1: core must not use caf\n");
  CHECK(bad("core/x.hpp", "<unistd.h>") != "");
  CHECK(bad("core/x.hpp", "\"caf_pool/settings/validate.hpp\"") != "");
  CHECK(bad("core/x.hpp", "\"caf_pool/machine/policy/backoff.hpp\"") != "");
  CHECK(bad("settings/x.cpp", "\"caf_pool/core/time.hpp\"") == "");
  CHECK(bad("front/x.hpp", "\"caf_pool/machine/effect.hpp\"") != "");
  CHECK(bad("protocol/x.hpp", "\"caf_pool/caf/caf_compat.hpp\"") == "");
  CHECK(bad("protocol/x.hpp", "\"caf_pool/backend/backend.hpp\"") != "");
  CHECK(bad("caf/x.hpp", "\"caf_pool/protocol/messages.hpp\"") != "");
  CHECK(bad("pool.hpp", "\"caf_pool/actor/manager.hpp\"") == "");
  CHECK(bad("pool.hpp", "\"caf_pool/node/node.hpp\"") != "");
  CHECK(bad("actor/x.hpp", "\"caf_pool/any_pool.hpp\"") != "");
  CHECK(bad("config/x.cpp", "<toml++/toml.h>") == "");
  CHECK(bad("admin/x.cpp", "<toml++/toml.h>") != "");
  CHECK(bad("admin/json/x.cpp", "\"caf_pool/admin/http/routes.hpp\"") != "");
  CHECK(bad("node/x.cpp", "<boost/asio.hpp>") != "");
  CHECK(bad("node/x.cpp", "\"caf_pool/gate/remote_gate.hpp\"") == "");
  CHECK(bad("net/stream/x.cpp", "<openssl/ssl.h>") == "");
  CHECK(bad("net/stream/x.cpp", "\"caf_pool/net/bell.hpp\"") == "");
  CHECK(bad("net/x.cpp", "<openssl/ssl.h>") != "");
  CHECK(bad("net/x.cpp", "\"caf_pool/net/stream/tls_context.hpp\"") != "");
  CHECK(bad("gate/x.cpp", "\"caf_pool/log/logger.hpp\"") == "");
  CHECK(bad("log/x.cpp", "\"caf_pool/gate/remote_gate.hpp\"") != "");
  CHECK(bad("gate/x.cpp", "\"caf_pool/node/node.hpp\"") != "");
  CHECK(bad("remote/x.cpp", "\"caf_pool/backend/backend.hpp\"") != "");
  CHECK(bad("elsewhere/x.cpp", "<chrono>") != "");
  CHECK(bad("backend/elsewhere/x.cpp", "<chrono>") != "");
}

TEST_CASE("what users include lies directly in caf_pool") {
  CHECK(broken_in_tree(check_faces) == "");
  auto bad = [](const std::string& path, const std::string& header) {
    return broken_in(check_includes, path, "#include \"" + header + "\"\n");
  };
  for (std::string file : {"apps/examples/x.cpp", "tests/install/x/main.cpp",
                           "tests/support/conformance_x.cpp"}) {
    INFO(file);
    CHECK(bad(file, "caf_pool/pool.hpp") == "");
    CHECK(bad(file, "caf_pool/sqlite.hpp") == "");
    CHECK(bad(file, "caf_pool/remote.hpp") == "");
    CHECK(bad(file, "caf_pool/backend/sqlite/sqlite.hpp") != "");
    CHECK(bad(file, "caf_pool/core/time.hpp") != "");
  }
  CHECK(bad(lib + "sqlite.hpp", "caf_pool/backend/sqlite/sqlite.hpp") == "");
  CHECK(bad(lib + "sqlite.hpp", "caf_pool/machine/effect.hpp") != "");
  CHECK(bad(lib + "pool.hpp", "caf_pool/sqlite.hpp") != "");
  CHECK(bad(lib + "actor/x.cpp", "caf_pool/backend.hpp") != "");
  auto wrong = [](const std::string& name, const std::string& text) {
    return broken_in(check_faces, lib + name, text);
  };
  const std::string forwards = "#pragma once\n\n#include \"caf_pool/x.hpp\"\n";
  CHECK(wrong("sqlite.hpp", forwards) == "");
  CHECK(wrong("sqlite.hpp", forwards + "class x;\n") != "");
  CHECK(wrong("pool.hpp", forwards + "class x;\n") == "");
  CHECK(wrong("mongodb.hpp", forwards) != "");
  CHECK(wrong("core/x.hpp", forwards) == "");
}

// Each of them is read by every file of a user.
TEST_CASE("a pool pulls in few headers") {
  auto found = pulled_in(tree(), "caf_pool/pool.hpp");
  CAPTURE(found);
  CHECK(found.contains("caf_pool/core/time.hpp"));
  CHECK(found.contains("caf_pool/lease/lease.hpp"));
  CHECK(found.size() <= 20);
  auto parsed = [](const std::string& name, const std::string& text) {
    return parse_source(lib + name, text);
  };
  auto some = std::vector{
    parsed("a.hpp", "#include \"caf_pool/b/b.hpp\"\n#include <map>\n"),
    parsed("b/b.hpp", "#  include \"caf_pool/c.hpp\"\n"),
    parsed("c.hpp", "int x;\n"), parsed("d.hpp", "int x;\n")};
  CHECK(pulled_in(some, "caf_pool/a.hpp")
        == std::set<std::string>{"caf_pool/b/b.hpp", "caf_pool/c.hpp"});
}

TEST_CASE("the decisions lie below the actors") {
  auto bad = [](const std::string& path, const std::string& header) {
    return broken_in(check_includes, lib + path, "#include " + header + "\n");
  };
  for (std::string folder : {"machine", "machine/rules", "machine/policy",
                             "machine/queue", "work", "advice"}) {
    INFO(folder);
    auto file = folder + "/x.cpp";
    CHECK(bad(file, "\"caf_pool/core/time.hpp\"") == "");
    CHECK(bad(file, "\"caf_pool/actor/pool_job.hpp\"") != "");
    CHECK(bad(file, "\"caf_pool/front/slot_table.hpp\"") != "");
    CHECK(bad(file, "\"caf_pool/backend/backend.hpp\"") != "");
    CHECK(bad(file, "<caf/actor.hpp>") != "");
    CHECK(bad(file, "<unistd.h>") != "");
  }
  CHECK(bad("machine/rules/x.cpp", "\"caf_pool/machine/effect.hpp\"") == "");
  CHECK(bad("machine/policy/x.cpp", "\"caf_pool/machine/effect.hpp\"") != "");
  CHECK(bad("machine/policy/x.cpp", "\"caf_pool/machine/queue/wait_queue.hpp\"")
        != "");
  CHECK(bad("actor/x.cpp", "\"caf_pool/machine/effect.hpp\"") == "");
  CHECK(bad("actor/x.cpp", "<caf/io/middleman.hpp>") != "");
}

TEST_CASE("each backend has its own driver and knows no other") {
  auto bad = [](const std::string& path, const std::string& header) {
    return broken_in(check_includes, lib + path, "#include " + header + "\n");
  };
  CHECK(bad("backend/postgres/x.cpp", "<pqxx/pqxx>") == "");
  CHECK(bad("backend/postgres/x.cpp", "<libpq-fe.h>") == "");
  CHECK(bad("backend/postgres/x.cpp", "<sqlite3.h>")
        == lib + "backend/postgres/x.cpp:1: backend/postgres must not use "
                 "sqlite\n");
  CHECK(bad("backend/sqlite/x.cpp", "<sqlite3.h>") == "");
  CHECK(bad("backend/sqlite/x.cpp", "<libpq-fe.h>") != "");
  CHECK(bad("backend/sqlite/x.cpp", "<openssl/evp.h>") != "");
  for (std::string header :
       {"<pqxx/pqxx>", "<libpq-fe.h>", "<sqlite3.h>", "<caf/actor.hpp>"})
    for (std::string folder :
         {"backend", "backend/testing", "backends", "lease", "actor"}) {
      INFO(folder << header);
      CHECK((bad(folder + "/x.cpp", header) == "")
            == (folder == "actor" && header == "<caf/actor.hpp>"));
    }
  auto contract = "\"caf_pool/backend/backend.hpp\"";
  for (std::string kind : {"backend/postgres", "backend/sqlite"}) {
    INFO(kind);
    auto header = "\"caf_pool/" + kind + "/x.hpp\"";
    CHECK(bad(kind + "/x.cpp", contract) == "");
    CHECK(bad("backends/x.cpp", header) == "");
    for (std::string folder : {"backend", "backend/testing", "lease", "actor",
                               "config", "admin", "gate", "node"})
      CHECK(bad(folder + "/x.cpp", header) != "");
  }
  CHECK(bad("backend/postgres/x.cpp", "\"caf_pool/backend/sqlite/x.hpp\"")
        != "");
  CHECK(bad("backend/x.cpp", "\"caf_pool/backends/x.hpp\"") != "");
}

TEST_CASE("no circle of includes closes") {
  problems found;
  check_layers(found);
  check_circles(tree(), found);
  CHECK(to_string(found) == "");
  auto header = [](const std::string& name, const std::string& other) {
    return parse_source(lib + name, "#pragma once\n\n#include \"caf_pool/"
                                      + other + "\"\n");
  };
  found.clear();
  check_circles({header("a.hpp", "b.hpp"), header("b.hpp", "c.hpp"),
                 header("c.hpp", "b.hpp")},
                found);
  CHECK(to_string(found)
        == lib + "b.hpp:1: includes itself on a detour\n" + lib
             + "c.hpp:1: includes itself on a detour\n");
}

TEST_CASE("what decides reads no clock and rolls no dice") {
  CHECK(broken_in_tree(check_clocks) == "");
  auto bad = [](const std::string& path, const std::string& line) {
    return broken_in(check_clocks, lib + path, "auto x = " + line + ";\n");
  };
  CHECK(bad("machine/x.cpp", "std::chrono::steady_clock::now()")
        == lib + "machine/x.cpp:1: time is an argument here, nothing reads a "
                 "clock\n");
  CHECK(bad("core/x.hpp", "coarse_clock::now ()") != "");
  CHECK(bad("core/x.hpp", "time(nullptr)") != "");
  CHECK(bad("settings/x.hpp", "time(nullptr)") != "");
  CHECK(bad("machine/rules/x.cpp", "time(nullptr)") != "");
  CHECK(bad("machine/x.cpp", "std::random_device{}()") != "");
  CHECK(bad("machine/x.cpp", "1; // never call x::now()") == "");
  CHECK(bad("machine/x.cpp", "\"x::now()\"") == "");
  CHECK(bad("actor/x.cpp", "std::chrono::steady_clock::now()") == "");
}

TEST_CASE("versions are told apart in the compat headers only") {
  CHECK(broken_in_tree(check_versions) == "");
  for (auto line : {"#if CAF_VERSION < 1800", "#  ifdef CAF_VERSION_MAJOR",
                    "#if PQXX_VERSION_MAJOR < 7", "#ifndef CATCH_VERSION_MAJOR",
                    "#if __has_include(<catch2/catch_all.hpp>)"}) {
    CHECK(broken_in(check_versions, lib + "actor/x.cpp", line) != "");
    CHECK(broken_in(check_versions, lib + "caf/caf_compat.hpp", line) == "");
    CHECK(
      broken_in(check_versions, lib + "backend/postgres/pg_compat.hpp", line)
      == "");
  }
}

TEST_CASE("CAF's catch-all headers stay in the compat header") {
  CHECK(broken_in_tree(check_caf_all) == "");
  auto text = "#include <caf/all.hpp>\n";
  CHECK(broken_in(check_caf_all, lib + "actor/x.cpp", text) != "");
  CHECK(broken_in(check_caf_all, "tests/actor/x.cpp", text) != "");
  CHECK(broken_in(check_caf_all, lib + "caf/caf_compat.hpp", text) == "");
}

TEST_CASE("files, functions and lines stay small") {
  CHECK(broken_in_tree(check_sizes) == "");
  auto bad = [](const std::string& path, const std::string& text) {
    return broken_in(check_sizes, path, text);
  };
  CHECK(bad(lib + "core/x.hpp", lines(250)) == "");
  CHECK(bad(lib + "core/x.hpp", lines(251)) != "");
  CHECK(bad(lib + "core/x.cpp", lines(500)) == "");
  CHECK(bad("tests/core/x.test.cpp", lines(501)) != "");
  auto function = [](size_t n) {
    return "namespace a {\nint f(int x) {\n" + lines(n, "  if (x) { g(); }\n")
           + "}\n}\n";
  };
  CHECK(bad(lib + "core/x.cpp", function(40)) == "");
  CHECK(bad(lib + "core/x.cpp", function(41))
        == lib + "core/x.cpp:2: a function of 41 lines, more than 40\n");
  auto member = "struct a {\n  b f() const {\n" + lines(41) + "  }\n};\n";
  CHECK(bad(lib + "core/x.cpp", member) != "");
  CHECK(bad(lib + "core/x.cpp", std::string(80, 'x') + "\n") == "");
  CHECK(bad(lib + "core/x.cpp", std::string(81, 'x') + "\n") != "");
}

TEST_CASE("headers begin with pragma once and open no namespace") {
  CHECK(broken_in_tree(check_headers) == "");
  auto bad = [](const std::string& text) {
    return broken_in(check_headers, lib + "core/x.hpp", text);
  };
  CHECK(bad("// About.\n\n#pragma once\n") == "");
  CHECK(bad("int x;\n") != "");
  CHECK(bad("#pragma once\nusing namespace std;\n") != "");
}

TEST_CASE("switches of a machine have no default") {
  CHECK(broken_in_tree(check_switches) == "");
  auto text = "switch (x) {\n  default:\n    break;\n}\n";
  CHECK(broken_in(check_switches, lib + "machine/x.cpp", text) != "");
  CHECK(broken_in(check_switches, lib + "machine/x.cpp", "f() = default;\n")
        == "");
}

TEST_CASE("no test sleeps to wait for something") {
  CHECK(broken_in_tree(check_sleeps) == "");
  auto bad = [](const std::string& path, const std::string& text) {
    return broken_in(check_sleeps, path, text + "\n");
  };
  CHECK(bad("tests/core/x.test.cpp", "std::this_thread::sleep_for(1s);") != "");
  CHECK(bad("tests/core/x.test.cpp", "usleep(10);") != "");
  CHECK(bad("tests/core/x.test.cpp", "::sleep(1);") != "");
  CHECK(bad("tests/core/x.test.cpp", "db.execute(\"SELECT pg_sleep(1)\");")
        == "");
  CHECK(bad(sleepers().front().path, "std::this_thread::sleep_for(1s);") == "");
}

TEST_CASE("who may sleep has a reason and does sleep") {
  for (auto& x : sleepers()) {
    INFO(x.path);
    CHECK(x.reason.size() > 20);
    auto file = std::find_if(tree().begin(), tree().end(),
                             [&](auto& y) { return y.path == x.path; });
    REQUIRE(file != tree().end());
    auto copy = *file;
    copy.path = "tests/not/allowed.cpp";
    problems found;
    check_sleeps(copy, found);
    CHECK(!found.empty());
  }
}

TEST_CASE("tags name rows in their own form and hide nothing") {
  CHECK(broken_in_tree(check_tags) == "");
  auto bad = [](const std::string& tags) {
    return broken_in(check_tags, "tests/core/x.test.cpp",
                     "TEST_CASE(\"a name\",\n          \"" + tags + "\") {\n");
  };
  CHECK(bad("[trap-T1][trap-T74][C13][T05][pool][f-figure]") == "");
  CHECK(bad("[trap-T01]") != "");
  CHECK(bad("[trap-t1]") != "");
  CHECK(bad("[trap-C1]") != "");
  CHECK(bad("[T1]") != "");
  CHECK(bad("[C4]") != "");
  CHECK(bad("[C013]") != "");
  CHECK(bad("[.]") != "");
  CHECK(bad("[.slow]") != "");
  CHECK(bad("[!mayfail]") != "");
}
