#include "caf_pool/core/random.hpp"
#include "caf_pool/gate/login_throttle.hpp"
#include "caf_pool/gate/reply_memory.hpp"
#include "caf_pool/gate/sha256.hpp"
#include "caf_pool/gate/tokens.hpp"
#include "caf_pool/protocol/messages.hpp"
#include "caf_pool/remote/token_file.hpp"

#include "remote_node.hpp"
#include "remote_peer.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/outcome.hpp"

#include <caf/io/middleman.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <semaphore>
#include <set>
#include <utility>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

/// A folder that goes with the test.
struct folder {
  std::string path;

  folder() {
    path = (fs::temp_directory_path() / "remote_login_XXXXXX").string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
  }

  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  ~folder() {
    fs::remove_all(path);
  }

  std::string write(const std::string& text, int mode) const {
    auto file = path + "/tokens";
    std::ofstream{file} << text;
    REQUIRE(::chmod(file.c_str(), static_cast<mode_t>(mode)) == 0);
    return file;
  }
};

} // namespace

// -- hashes and tokens --------------------------------------------------------

TEST_CASE("SHA-256 agrees with the standard") {
  CHECK(to_hex(sha256(""))
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(sha256("abc"))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(
    to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))
    == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(to_hex(sha256(std::string(1'000'000, 'a')))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("digests are compared and read") {
  auto x = sha256("x");
  CHECK(equal_digests(x, x));
  CHECK(!equal_digests(x, sha256("y")));
  CHECK(digest_from_hex(to_hex(x)) == x);
  CHECK(!digest_from_hex("12"));
  CHECK(!digest_from_hex(std::string(64, 'g')));
}

TEST_CASE("random tokens have 128 bits and do not repeat") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i)
    seen.insert(random_token());
  CHECK(seen.size() == 1000);
  CHECK(seen.begin()->size() == 32);
}

TEST_CASE("a token file names who may log in as what") {
  auto table = token_table::parse(
    "# a comment\n"
    "\n"
    "shop  use\t0123456789abcdef # trailing\n"
    "ctl operate sha256:"
      + to_hex(sha256("fedcba9876543210")),
    "tokens");
  REQUIRE(table);
  CHECK(table->size() == 2);
  CHECK(table->check("shop", "0123456789abcdef")
        == principal{"shop", role::use, 3});
  CHECK(table->check("ctl", "fedcba9876543210")
        == principal{"ctl", role::operate, 4});
  CHECK(!table->check("ctl", "0123456789abcdef"));
  CHECK(!table->check("shop", "0123456789abcdeF"));
  CHECK(!table->check("", ""));
  // A hash is no token.
  CHECK(!table->check("ctl", "sha256:" + to_hex(sha256("fedcba9876543210"))));
}

TEST_CASE("all problems of a token file are reported, and no token",
          "[security-S7]") {
  auto table = token_table::parse(
    "a use S3cr3tCanary\n"
    "b rule S3cr3tCanary0123456789\n"
    "c\n"
    "d use sha256:S3cr3tCanary\n",
    "/etc/tokens");
  REQUIRE(!table);
  auto& text = table.error().message;
  CHECK_THAT(text, ContainsSubstring("/etc/tokens:1: "));
  CHECK_THAT(text, ContainsSubstring("/etc/tokens:2: \"rule\" is no role"));
  CHECK_THAT(text, ContainsSubstring("/etc/tokens:3: "));
  CHECK_THAT(text, ContainsSubstring("/etc/tokens:4: "));
  CHECK(text.find("Canary") == std::string::npos);
  CHECK(!token_table::parse("# nobody\n", "x"));
}

TEST_CASE("a missing token file is made for its owner alone") {
  folder here;
  auto file = here.path + "/tokens";
  auto table = load_tokens(file);
  REQUIRE(table);
  CHECK(table->size() == 1);
  struct stat info {};
  REQUIRE(::stat(file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  std::string line;
  std::string token;
  for (std::ifstream in{file}; std::getline(in, line);)
    if (line.starts_with("local operate "))
      token = line.substr(14);
  CHECK(token.size() == 64);
  // The second start reads what the first one made.
  auto again = load_tokens(file);
  REQUIRE(again);
  CHECK(again->check("local", token));
  // Nothing is left beside it.
  CHECK(std::distance(fs::directory_iterator{here.path}, {}) == 1);
}

TEST_CASE("a token file that others may read or change is refused",
          "[security-S10]") {
  folder here;
  auto text = std::string{"a use 0123456789abcdef\n"};
  CHECK(load_tokens(here.write(text, 0600)));
  CHECK(load_tokens(here.write(text, 0640)));
  for (auto mode : {0644, 0604, 0602, 0620, 0601}) {
    auto refused = load_tokens(here.write(text, mode));
    REQUIRE(!refused);
    CHECK_THAT(refused.error().message, ContainsSubstring("chmod 600"));
  }
  fs::remove(here.path + "/tokens");
  REQUIRE(::mkfifo((here.path + "/tokens").c_str(), 0600) == 0);
  CHECK_THAT(load_tokens(here.path + "/tokens").error().message,
             ContainsSubstring("is no regular file"));
  CHECK(!load_tokens(here.path));
  CHECK(!load_tokens(here.path + "/no/such/folder/tokens"));
  CHECK(!load_tokens(""));
}

TEST_CASE("a node and a client beside it read a token file alike",
          "[security-S7]") {
  folder here;
  auto line = std::string{"shop use 0123456789abcdef"};
  auto hashed = "shop use sha256:" + to_hex(sha256("fedcba9876543210"));
  for (auto& text :
       {line, line + '\n', line + "\r\n", "\n \t\r\n" + line + "\r\n\r\n",
        "# shop use 0000000000000000\n" + line, line + "# a comment\n",
        line + " # a comment", hashed + '\n' + line, line + '\n' + hashed}) {
    CAPTURE(text);
    auto file = here.write(text, 0600);
    auto token = token_from_file(file, "shop");
    REQUIRE(token);
    CHECK(token->reveal() == "0123456789abcdef");
    CHECK(read_tokens(file).value().check("shop", token->reveal()));
  }
  for (auto& bad :
       {"shop", "shop use", "shop use short", "shop rule 0123456789abcdef",
        "shop use 0123456789abcdef more", "shop use sha256:12",
        "shop use 01234#56789abcdef"}) {
    CAPTURE(bad);
    for (auto& text : {bad + ('\n' + line), line + '\n' + bad}) {
      auto file = here.write(text, 0600);
      auto token = token_from_file(file, "shop");
      REQUIRE(!token);
      CHECK(token.error().message == read_tokens(file).error().message);
      CHECK_THAT(token.error().message, ContainsSubstring(file + ':'));
    }
  }
}

TEST_CASE("a client says what a token file has not for it", "[security-S7]") {
  folder here;
  auto refusal = [&](const std::string& text) {
    return token_from_file(here.write(text, 0600), "shop").error().message;
  };
  CHECK_THAT(refusal("ctl use 0123456789abcdef\n"),
             ContainsSubstring("has no token of \"shop\""));
  CHECK_THAT(refusal("# nobody\n"), ContainsSubstring("has no token"));
  CHECK_THAT(refusal("shop use sha256:" + to_hex(sha256("x"))),
             ContainsSubstring("CAF_POOL_TOKEN"));
  auto pipe = here.path + "/pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THAT(token_from_file(pipe, "shop").error().message,
             ContainsSubstring("is no regular file"));
  CHECK_THAT(token_from_file(here.path + "/none", "shop").error().message,
             ContainsSubstring("made by the node at its first start"));
}

// -- guessing -----------------------------------------------------------------

TEST_CASE("who fails three times is turned away for longer and longer",
          "[security-S3]") {
  login_throttle guard;
  auto now = time_point{} + 1h;
  guard.failed("eve", now);
  guard.failed("eve", now);
  CHECK(guard.blocked_for("eve", now) == 0s);
  guard.failed("eve", now);
  CHECK(guard.blocked_for("eve", now) == 1s);
  CHECK(guard.blocked_for("bob", now) == 0s);
  CHECK(guard.blocked_for("eve", now + 1s) == 0s);
  guard.failed("eve", now + 1s);
  CHECK(guard.blocked_for("eve", now + 1s) == 2s);
  for (int i = 0; i < 40; ++i)
    guard.failed("eve", now + 1s);
  CHECK(guard.blocked_for("eve", now + 1s) == 1min);
  guard.failed("eve", now + 1h);
  CHECK(guard.blocked_for("eve", now + 1h) == 0s);
}

TEST_CASE("a success makes a peer start anew") {
  login_throttle guard;
  auto now = time_point{} + 1h;
  for (int i = 0; i < 5; ++i)
    guard.failed("bob", now);
  guard.succeeded("bob");
  CHECK(guard.blocked_for("bob", now) == 0s);
  CHECK(guard.size() == 0);
}

TEST_CASE("guessing peers take bounded memory", "[security-S13]") {
  login_throttle guard;
  auto now = time_point{} + 1h;
  for (int i = 0; i < 5000; ++i)
    guard.failed(std::to_string(i), now + i * 1ms);
  CHECK(guard.size() <= login_throttle::max_peers);
}

// -- remembering answers ------------------------------------------------------

TEST_CASE("an answer is remembered until newer ones need its place", "[E07]") {
  reply_memory<int> memory{3, 100};
  CHECK(memory.state(1) == request_state::fresh);
  CHECK(memory.state(0) == request_state::forgotten);
  for (int i = 1; i <= 4; ++i)
    memory.remember(static_cast<std::uint64_t>(i), 10 * i, 1);
  CHECK(memory.state(1) == request_state::forgotten);
  REQUIRE(memory.state(2) == request_state::remembered);
  CHECK(memory.get(2) == 20);
  CHECK(memory.state(5) == request_state::fresh);
  // Large ones need the places of several.
  memory.remember(5, 50, 99);
  CHECK(memory.size() == 2);
  memory.remember(6, 60, 500);
  CHECK(memory.size() == 1);
  CHECK(memory.bytes() == 500);
  CHECK(memory.state(5) == request_state::forgotten);
  CHECK(memory.state(6) == request_state::remembered);
}

// -- logging in ---------------------------------------------------------------

TEST_CASE("only name and token together open the gate", "[security-S3]") {
  remote_node node;
  auto options = node.options();
  CHECK(remote_client::connect(options));
  options.token = secret{operator_token};
  auto other = remote_client::connect(options);
  CHECK(code_of(other) == errc::unauthorized);
  options.token = secret{};
  CHECK(code_of(remote_client::connect(options)) == errc::unauthorized);
  options = node.options();
  options.principal = "nobody";
  CHECK(code_of(remote_client::connect(options)) == errc::unauthorized);
  CHECK(node.stats().logins == 1);
  CHECK(node.stats().refused_logins == 3);
}

TEST_CASE("a peer that guesses is turned away even with the right token",
          "[security-S3]") {
  remote_node node;
  remote_peer peer{node};
  auto login = [&](std::uint32_t version, const char* token) {
    auto session = peer.greet({version, "user", token, "peer"});
    return session ? error{} : session.error();
  };
  auto old = login(99, user_token);
  CHECK(old.code == errc::protocol_mismatch);
  CHECK_THAT(old.message, ContainsSubstring("version 99"));
  CHECK(login(wire::protocol_version, user_token).code == errc::none);
  // For a second only: a machine that stands still for as long lets it in.
  CHECK(eventually([&] {
    for (int i = 0; i < 3; ++i)
      CHECK(login(wire::protocol_version, "wrong-0123456789abcdef").code
            == errc::unauthorized);
    auto blocked = login(wire::protocol_version, user_token);
    return blocked.message.find("too many failed logins") != std::string::npos;
  }));
  // Others are not affected.
  CHECK(remote_client::connect(node.options()));
}

TEST_CASE("a client that comes again replaces its old session", "[E02]") {
  remote_node node;
  remote_peer peer{node};
  auto old = peer.greet({wire::protocol_version, "user", user_token, "peer"});
  auto present
    = peer.greet({wire::protocol_version, "user", user_token, "peer"});
  REQUIRE(old);
  REQUIRE(present);
  CHECK(*old != *present);
  peer.self()->wait_for(*old);
  CHECK(node.stats().sessions == 1);
}

TEST_CASE("who greets a gate while it stops is not let in", "[S01]") {
  // These outlive the actors that wait.
  std::counting_semaphore<> seated{0};
  std::counting_semaphore<> may_go{0};
  remote_node node;
  auto gate = node.system().middleman().remote_actor<wire::gate_handle>(
    "127.0.0.1", node.port());
  REQUIRE(gate);
  caf::scoped_actor self{node.system()};
  // Nothing moves at the node until its gate was told to stop.
  for (auto i = 0; i < 2; ++i)
    node.system().spawn([&seated, &may_go](caf::event_based_actor*) {
      seated.release();
      may_go.acquire();
    });
  for (auto i = 0; i < 2; ++i)
    seated.acquire();
  auto greeting = wire::hello{wire::protocol_version, "user", user_token, "x"};
  auto question = ask(self.ptr(), *gate, patience, greeting);
  node.gate().stop("over");
  may_go.release(2);
  auto refused = error{};
  std::move(question).receive(
    [](const wire::welcome&) {},
    [&](const caf::error& why) { refused = from_caf(why); });
  CHECK(refused.code == errc::closed);
  CHECK(node.stats().sessions == 0);
}

TEST_CASE("new tokens are read without a restart, and kept if they are bad") {
  remote_node node;
  auto file = node.folder() + "/tokens";
  std::ofstream{file} << "user use another-0123456789abcdef\n";
  REQUIRE(node.gate().reload_tokens());
  CHECK(code_of(remote_client::connect(node.options())) == errc::unauthorized);
  std::ofstream{file} << "nonsense\n";
  CHECK(!node.gate().reload_tokens());
  auto options = node.options();
  options.token = secret{"another-0123456789abcdef"};
  CHECK(remote_client::connect(options));
}

TEST_CASE("a gate listens on loopback only", "[security-S1]") {
  folder here;
  for (auto address : {"0.0.0.0", "10.0.0.1", "example.org", ""}) {
    auto remote = remote_node::patient();
    remote.address = address;
    try {
      remote_node node{remote};
      FAIL("published on " << address);
    } catch (const pool_error& x) {
      CHECK(x.why().code == errc::config_invalid);
      CHECK_THAT(x.why().message, ContainsSubstring("loopback"));
    }
  }
}

TEST_CASE("a port that is taken is reported with what to try") {
  remote_node first;
  auto remote = remote_node::patient();
  remote.port = first.port();
  try {
    remote_node second{remote};
    FAIL("two nodes share a port");
  } catch (const pool_error& x) {
    CHECK(x.why().code == errc::open_failed);
    CHECK_THAT(x.why().message, ContainsSubstring("remote.port"));
  }
}

TEST_CASE("addresses of clients are numbers") {
  auto options = remote_options{};
  for (auto address : {"", "127.0.0.1", "example.org:4700", "127.0.0.1:0",
                       "127.0.0.1:70000", "127.0.0.1:47x"}) {
    options.address = address;
    CHECK(code_of(remote_client::connect(options)) == errc::invalid_argument);
  }
}

TEST_CASE("nobody at home is an error at once") {
  auto options = remote_options{};
  options.address = "127.0.0.1:1";
  options.connect_limit = 1h;
  auto refused = remote_client::connect(options);
  CHECK(code_of(refused) == errc::node_unreachable);
  CHECK_THAT(refused.error().message, ContainsSubstring("is the node running"));
}
