#include "caf_pool/config/state_folder.hpp"

#include "fixture.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

namespace fs = std::filesystem;

TEST_CASE("the state folder is the service manager's, or the user's own") {
  auto picked = [](environment_map x) {
    auto choice = pick_state_folder(x);
    return choice ? choice->variable + ' ' + choice->path : "";
  };
  CHECK(picked({{"STATE_DIRECTORY", "/var/lib/x:/var/lib/y"},
                {"XDG_STATE_HOME", "/s"},
                {"HOME", "/h"}})
        == "STATE_DIRECTORY /var/lib/x");
  CHECK(picked({{"XDG_STATE_HOME", "/s"}, {"HOME", "/h"}})
        == "XDG_STATE_HOME /s/caf_pool");
  CHECK(picked({{"HOME", "/h"}}) == "HOME /h/.local/state/caf_pool");
  // Relative paths would depend on where the node was started.
  CHECK(picked({{"STATE_DIRECTORY", "x"}, {"HOME", "y"}}) == "");
  CHECK(picked({}) == "");
}

TEST_CASE("a node keeps its tokens in the state folder unless told otherwise") {
  auto config = must_load(load_env("", {{"HOME", "/h"}}));
  CHECK(config.node.state_folder == "/h/.local/state/caf_pool");
  CHECK(config.origins.at("node.state_folder") == "environment HOME");
  CHECK(config.node.remote.token_file == "/h/.local/state/caf_pool/tokens");
  config
    = must_load(load_env("[node]\nstate_folder = \"/s\"\n"
                         "[remote]\ntoken_file = \"${state}/t\"\n",
                         {{"HOME", "/h"}}));
  CHECK(config.node.state_folder == "/s");
  CHECK(config.node.remote.token_file == "/s/t");
}

TEST_CASE("a path in the state folder needs one", "[F01]") {
  auto toml = "[pools.main.sqlite]\npath = \"${state}/x\"\n";
  auto text = problems_of(load_toml(toml));
  CHECK_THAT(text, StartsWith("test.toml:2:8: pools.main.sqlite.path = "
                              "${state}/x: there is no state folder"));
  CHECK_THAT(text, ContainsSubstring("$HOME"));
}

TEST_CASE("the state folder is made for its user alone") {
  temp_folder folder;
  node_config node;
  CHECK(make_state_folder(node));
  node.state_folder = (folder.path() / "a" / "b").string();
  REQUIRE(make_state_folder(node));
  CHECK((fs::status(node.state_folder).permissions() & fs::perms::mask)
        == fs::perms::owner_all);
  // An existing one is left as it is.
  fs::permissions(node.state_folder, fs::perms::all);
  CHECK(make_state_folder(node));
  CHECK((fs::status(node.state_folder).permissions() & fs::perms::mask)
        == fs::perms::all);
}

TEST_CASE("a state folder that cannot be made is explained") {
  temp_folder folder;
  node_config node;
  node.state_folder = (folder.write("file", "") / "inner").string();
  auto result = make_state_folder(node);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == errc::config_invalid);
  CHECK_THAT(result.error().message, ContainsSubstring("node.state_folder"));
}
