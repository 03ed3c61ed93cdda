#include "caf_pool/config/secrets.hpp"

#include "caf_pool/config/render.hpp"

#include "fixture.hpp"

#include <unistd.h>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

const std::string hidden{canary};

// A folder with one profile, and places for secrets.
struct site {
  temp_folder folder;
  config_source source;

  explicit site(const std::string& toml, const std::string& profile = "dev",
                unsigned mode = 0600) {
    folder.write("config/" + profile + ".toml", toml, mode);
    source.location = folder.path() / "config";
    source.profile = profile;
    source.run_secrets = folder.path() / "run";
    source.environment["CREDENTIALS_DIRECTORY"]
      = (folder.path() / "credentials").string();
  }

  load_result run() const {
    return load(source, test_registry());
  }

  pool_config main() const {
    auto config = must_load(run());
    return config.node.pools.at(0);
  }
};

} // namespace

// -- where passwords come from ------------------------------------------------

TEST_CASE("a password comes from a file, without its line break") {
  for (auto text : {hidden, hidden + "\n", hidden + "\r\n"}) {
    site x{"[pools.main]\npassword_file = \"../pw\"\n"};
    x.folder.write("pw", text);
    CHECK(x.main().password.reveal() == hidden);
  }
}

TEST_CASE("a relative password_file begins at the file that names it") {
  site x{"[pools.main]\npassword_file = \"pw\"\n"};
  x.folder.write("config/pw", hidden);
  CHECK(x.main().password.reveal() == hidden);
  auto config = must_load(x.run());
  CHECK(config.secrets.at("main").key == "password_file");
  CHECK(config.secrets.at("main").value
        == (x.folder.path() / "config/pw").string());
}

TEST_CASE("a credential is looked for where service managers put it") {
  site x{"[pools.main]\ncredential = \"db\"\n"};
  CHECK_THAT(problems_of(x.run()), ContainsSubstring("looked in"));
  // Containers make them readable by everybody.
  x.folder.write("run/db", "from run", 0444);
  CHECK(x.main().password.reveal() == "from run");
  x.folder.write("credentials/db", "from systemd", 0440);
  CHECK(x.main().password.reveal() == "from systemd");
}

TEST_CASE("the name of a credential is no path") {
  for (auto name : {"../pw", "a/b", "/etc/passwd", "..", "."}) {
    site x{"[pools.main]\ncredential = \"" + std::string{name} + "\"\n"};
    x.folder.write("pw", hidden);
    CHECK_THAT(problems_of(x.run()),
               ContainsSubstring("no name of a credential"));
  }
}

TEST_CASE("a password comes from the environment, also in production") {
  site x{"[pools.main]\n", "prod"};
  x.source.environment["CAF_POOL__POOLS__MAIN__PASSWORD"] = hidden;
  CHECK(x.main().password.reveal() == hidden);
  CHECK(must_load(x.run()).warnings.empty());
}

TEST_CASE("the environment may name the file or the credential") {
  site x{"[pools.main]\n"};
  auto path = x.folder.write("pw", hidden).string();
  x.source.environment["CAF_POOL__POOLS__MAIN__PASSWORD_FILE"] = path;
  CHECK(x.main().password.reveal() == hidden);
  x.source.environment.erase("CAF_POOL__POOLS__MAIN__PASSWORD_FILE");
  x.source.environment["CAF_POOL__POOLS__MAIN__CREDENTIAL"] = "db";
  x.folder.write("run/db", "other");
  CHECK(x.main().password.reveal() == "other");
}

TEST_CASE("a later source replaces an earlier one, whatever their kinds") {
  site x{"[pools.main]\ncredential = \"not-there\"\n"};
  x.source.environment["CAF_POOL__POOLS__MAIN__PASSWORD"] = hidden;
  CHECK(x.main().password.reveal() == hidden);
  // Empty means none, so that a server without password can be used.
  x.source.environment["CAF_POOL__POOLS__MAIN__PASSWORD"] = "";
  CHECK(x.main().password.empty());
}

TEST_CASE("two ways in one source are refused", "[F01]") {
  site x{"[pools.main]\npassword_file = \"pw\"\ncredential = \"db\"\n"};
  auto text = problems_of(x.run());
  CHECK_THAT(text, ContainsSubstring("dev.toml:3:14: pools.main.credential = "
                                     "db: is given in addition to "
                                     "pools.main.password_file"));
}

// -- what is refused ----------------------------------------------------------

TEST_CASE("a password file that others may read is refused", "[F01]") {
  for (auto mode : {0644u, 0640u, 0604u, 0660u}) {
    site x{"[pools.main]\npassword_file = \"pw\"\n"};
    x.folder.write("config/pw", hidden, mode);
    auto text = problems_of(x.run());
    CHECK_THAT(text, ContainsSubstring("dev.toml:2:17: "
                                       "pools.main.password_file = pw"));
    CHECK_THAT(text, ContainsSubstring("chmod 600"));
    CHECK_THAT(text, !ContainsSubstring(hidden));
  }
}

TEST_CASE("a password file of another user is refused, also by a link",
          "[F01]") {
  if (::geteuid() != 0)
    SKIP("only root can give a file away");
  site x{"[pools.main]\npassword_file = \"link\"\n"};
  auto path = x.folder.write("config/pw", hidden);
  std::filesystem::create_symlink(path, path.parent_path() / "link");
  CHECK(x.main().password.reveal() == hidden);
  REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
  CHECK_THAT(problems_of(x.run()), ContainsSubstring("belongs to another "
                                                     "user"));
}

TEST_CASE("missing, empty, binary and huge password files are refused",
          "[F01]") {
  site x{"[pools.main]\npassword_file = \"pw\"\n"};
  CHECK_THAT(problems_of(x.run()), ContainsSubstring("cannot be read"));
  x.folder.write("config/pw", "\n");
  CHECK_THAT(problems_of(x.run()), ContainsSubstring("is empty"));
  x.folder.write("config/pw", std::string_view{"a\0b", 3});
  CHECK_THAT(problems_of(x.run()), ContainsSubstring("more than text"));
  x.folder.write("config/pw", std::string(70'000, 'x'));
  CHECK_THAT(problems_of(x.run()), ContainsSubstring("larger than 65536"));
  site y{"[pools.main]\npassword_file = \".\"\n"};
  CHECK_THAT(problems_of(y.run()), ContainsSubstring("no regular file"));
}

TEST_CASE("a password in a file of settings is a warning in development") {
  site x{"[pools.main]\npassword = \"" + hidden + "\"\n"};
  auto config = must_load(x.run());
  CHECK(config.node.pools.at(0).password.reveal() == hidden);
  REQUIRE(config.warnings.size() == 1);
  auto text = to_string(config.warnings[0]);
  CHECK_THAT(text, StartsWith("dev.toml:2:12: pools.main.password = ***: "));
  CHECK_THAT(text, ContainsSubstring("use password_file, credential"));
}

TEST_CASE("a password in a file of settings is refused in production",
          "[F01]") {
  for (auto profile : {"prod", "production"}) {
    site x{"[pools.main]\npassword = \"" + hidden + "\"\n", profile};
    auto text = problems_of(x.run());
    CHECK_THAT(text, ContainsSubstring("pools.main.password = ***"));
    CHECK_THAT(text, ContainsSubstring("is refused"));
    CHECK_THAT(text, !ContainsSubstring(hidden));
  }
}

TEST_CASE("a password in a file that others may read is refused everywhere",
          "[F01]") {
  site x{"[pools.main]\npassword = \"" + hidden + "\"\n", "dev", 0644};
  auto text = problems_of(x.run());
  CHECK_THAT(text, ContainsSubstring("chmod 600"));
  CHECK_THAT(text, !ContainsSubstring(hidden));
}

TEST_CASE("a password on the command line is refused", "[F01][X02]") {
  site x{"[pools.main]\n"};
  x.source.overrides = {"pools.main.password=" + hidden};
  auto text = problems_of(x.run());
  CHECK_THAT(text, ContainsSubstring("everybody on this machine"));
  CHECK_THAT(text, !ContainsSubstring(hidden));
}

TEST_CASE("the mask of a password is no password", "[F01]") {
  site x{"[pools.main]\npassword = \"***\"\n"};
  CHECK_THAT(problems_of(x.run()), ContainsSubstring("is the mask"));
}

TEST_CASE("a password hidden in an option is refused", "[F01][X02]") {
  for (auto value :
       {"postgres://ann:" + hidden + "@db/x", "host=db password=" + hidden,
        "host=db PassWord = '" + hidden + "'"}) {
    site x{"[pools.main]\nbackend = \"fake\"\nfake.host = \"" + value + "\"\n"};
    auto text = problems_of(x.run());
    CHECK_THAT(text, ContainsSubstring("pools.main.fake.host = ***: holds a "
                                       "password"));
    CHECK_THAT(text, !ContainsSubstring(hidden));
  }
  site y{
    "[pools.main]\nbackend = \"fake\"\n"
    "fake.host = \"postgres://ann@db:5432/x\"\n"
    "fake.label = \"passwords are fun\"\n"};
  CHECK(y.main().options.size() == 2);
}

// -- the canary ---------------------------------------------------------------

TEST_CASE("no secret shows in anything that a configuration prints",
          "[X02][trap-T71]") {
  site x{
    "[pools.a]\npassword_file = \"pw\"\n[pools.b]\n[pools.c]\n"
    "password = \""
    + hidden + "\"\n"};
  x.folder.write("config/pw", hidden);
  x.source.environment["CAF_POOL__POOLS__B__PASSWORD"] = hidden;
  auto config = must_load(x.run());
  std::string all = render_toml(config, true) + render_toml(config, false);
  for (auto& y : list_settings(config))
    all += y.key + y.value + y.origin;
  for (auto& y : config.warnings)
    all += to_string(y);
  for (auto& [key, value] : config.origins)
    all += key + value;
  for (auto& [name, reference] : config.secrets)
    all += name + reference.key + reference.value;
  for (auto& pool : config.node.pools) {
    CHECK(pool.password.reveal() == hidden);
    all += to_string(pool.password);
  }
  CHECK_THAT(all, !ContainsSubstring(hidden));
  CHECK_THAT(all, ContainsSubstring("***"));
}

TEST_CASE("no secret shows in problems of all kinds", "[X02]") {
  // The canary in every wrong place at once.
  site x{"[pools.a]\npasword = \"" + hidden + "\"\n"
         "password = [\"" + hidden + "\"]\n"
         "[pools.b]\npassword = \"" + hidden + "\"\ncredential = \"x\"\n"
         "[pools.c.password]\nx = \"" + hidden + "\"\n",
         "prod", 0644};
  x.source.environment["CAF_POOL__POOLS__X__PASSWORD"] = hidden;
  x.source.environment["CAF_POOL__PASSWORD"] = hidden;
  x.source.overrides
    = {hidden, "pools.a.password=" + hidden, "pools.a.passwort=" + hidden};
  auto text = problems_of(x.run());
  CHECK_THAT(text, !ContainsSubstring(hidden));
  CHECK_THAT(text, ContainsSubstring("did you mean \"password\"?"));
}
