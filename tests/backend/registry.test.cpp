#include "caf_pool/backend/registry.hpp"

#include "caf_pool/backend/sqlite/sqlite.hpp"
#include "caf_pool/backend/testing/scripted.hpp"

#include "support/catch_compat.hpp"

#include <algorithm>
#include <filesystem>

using namespace caf_pool;

namespace {

pool_config with(std::map<std::string, std::string> options) {
  pool_config config;
  config.backend = "sqlite";
  config.options = std::move(options);
  return config;
}

/// Returns what is wrong with one key; empty if nothing is.
std::string wrong_with(const pool_config& config, const std::string& key) {
  auto problems = backend_registry::with_defaults().problems(config);
  auto i = std::find_if(problems.begin(), problems.end(),
                        [&](const auto& x) { return x.key == key; });
  return i == problems.end() ? std::string{} : i->message;
}

} // namespace

TEST_CASE("the registry knows the backends of this build", "[registry]") {
  auto known = backend_registry::with_defaults();
  REQUIRE(known.find("sqlite") != nullptr);
  CHECK(known.find("sqlite")->name == "sqlite");
  CHECK(known.find("mongo") == nullptr);
  auto names = known.names();
  CHECK(std::find(names.begin(), names.end(), "sqlite") != names.end());
  for (auto& name : names) {
    INFO(name);
    auto* info = known.find(name);
    REQUIRE(info != nullptr);
    CHECK(info->make);
    for (auto& option : info->options) {
      INFO(option.key);
      CHECK_FALSE(option.key.empty());
      CHECK(option.doc.ends_with('.'));
    }
  }
}

TEST_CASE("a backend that the build left out names the option that brings it",
          "[registry]") {
  backend_registry known;
  known.leave_out("oracle", "WITH_ORACLE");
  auto config = with({});
  config.backend = "oracle";
  auto problems = known.problems(config);
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems[0].message,
             ContainsSubstring("this build leaves it out (WITH_ORACLE)"));
  config.backend = "oracles";
  CHECK_THAT(known.problems(config)[0].message,
             !ContainsSubstring("leaves it out"));
}

TEST_CASE("an unknown backend is answered with the nearest one", "[registry]") {
  auto config = with({});
  config.backend = "sqlit";
  auto made = backend_registry::with_defaults().make(config);
  REQUIRE_FALSE(made);
  CHECK(made.error().code == errc::config_invalid);
  CHECK_THAT(made.error().message,
             ContainsSubstring("did you mean \"sqlite\"?"));
  config.backend = "oracle";
  CHECK_THAT(wrong_with(config, "backend"), ContainsSubstring("known are"));
}

TEST_CASE("an unknown option is answered with the nearest one",
          "[registry][sqlite]") {
  auto config = with({{"pth", "a.db"}, {"flavour", "x"}});
  CHECK_THAT(wrong_with(config, "pth"),
             ContainsSubstring("did you mean \"path\"?"));
  CHECK_THAT(wrong_with(config, "flavour"), ContainsSubstring("known are"));
}

TEST_CASE("an unknown option is told once, whoever makes the backend",
          "[registry][sqlite]") {
  auto config = with({{"pth", "a.db"}});
  config.max_size = 1;
  CHECK(backend_registry::with_defaults().problems(config).size() == 1);
  auto made = make_sqlite(config);
  REQUIRE_FALSE(made);
  CHECK(made.error().code == errc::config_invalid);
  CHECK_THAT(made.error().message, ContainsSubstring("did you mean \"path\"?"));
}

TEST_CASE("the value of an unknown option is not repeated",
          "[registry][trap-T71]") {
  auto made = backend_registry::with_defaults().make(
    with({{"pasword", "S3cr3tCanary"}}));
  REQUIRE_FALSE(made);
  CHECK_THAT(made.error().message, ContainsSubstring("pasword"));
  CHECK_THAT(made.error().message, !ContainsSubstring("S3cr3tCanary"));
}

TEST_CASE("all problems of a backend are told at once", "[registry][sqlite]") {
  auto config = with({{"path", ""},
                      {"mode", "append"},
                      {"wal", "perhaps"},
                      {"synchronous", "very"},
                      {"cache_bytes", "-1"},
                      {"statement_cache", "1000000"},
                      {"nonsense", "x"}});
  auto known = backend_registry::with_defaults();
  auto problems = known.problems(config);
  // The seventh is the limit of a database in memory, the default path.
  CHECK(problems.size() == 8);
  CHECK_THAT(wrong_with(config, "mode"),
             ContainsSubstring("create, write or read"));
  CHECK_THAT(wrong_with(config, "synchronous"),
             ContainsSubstring("off, normal, full or extra"));
  CHECK_THAT(wrong_with(config, "statement_cache"),
             ContainsSubstring("from 0 to 10000"));
  auto made = known.make(config);
  REQUIRE_FALSE(made);
  CHECK(made.error().code == errc::config_invalid);
  for (auto& problem : problems)
    CHECK_THAT(made.error().message, ContainsSubstring(problem.key));
}

TEST_CASE("paths that SQLite would read as something else are refused",
          "[registry][sqlite]") {
  CHECK_THAT(wrong_with(with({{"path", "file:a.db?mode=memory"}}), "path"),
             ContainsSubstring("plain path"));
  CHECK_THAT(wrong_with(with({{"path", ":a.db"}}), "path"),
             ContainsSubstring("colon"));
  CHECK_FALSE(
    wrong_with(with({{"path", std::string("a\0b", 3)}}), "path").empty());
  CHECK(wrong_with(with({{"path", "a.db"}}), "path").empty());
}

TEST_CASE("a database in memory allows one connection",
          "[registry][sqlite][trap-T23]") {
  auto config = with({{"path", ":memory:"}});
  CHECK_THAT(wrong_with(config, "max_size"), ContainsSubstring("must be 1"));
  config.max_size = 1;
  auto made = backend_registry::with_defaults().make(config);
  REQUIRE(made);
  CHECK((*made)->max_connections() == 1);
  CHECK((*made)->kind() == "sqlite");
}

TEST_CASE("making a backend touches no file", "[registry][sqlite]") {
  auto path
    = std::filesystem::temp_directory_path() / "caf_pool_untouched" / "a.db";
  auto made
    = backend_registry::with_defaults().make(with({{"path", path.string()}}));
  REQUIRE(made);
  CHECK_FALSE(std::filesystem::exists(path.parent_path()));
  CHECK_THAT((*made)->describe(), ContainsSubstring(path.string()));
}

TEST_CASE("a user's backend is found by its name", "[registry]") {
  auto known = backend_registry::with_defaults();
  backend_info mine;
  mine.name = "mine";
  mine.options.push_back({"colour", "red", "The colour."});
  mine.make = [](const pool_config&) -> result<backend_ptr> {
    return backend_ptr{std::make_shared<scripted_backend>()};
  };
  known.add(mine);
  auto config = with({{"colour", "blue"}});
  config.backend = "mine";
  CHECK(known.make(config).value()->kind() == "scripted");
  config.options["color"] = "blue";
  CHECK_THAT(known.make(config).error().message,
             ContainsSubstring("did you mean \"colour\"?"));
  // A name that is taken is given to the new one.
  mine.make = nullptr;
  known.add(mine);
  config.options.clear();
  CHECK(known.make(config).error().code == errc::internal);
}
