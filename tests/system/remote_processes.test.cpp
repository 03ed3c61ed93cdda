#include "remote_node.hpp"
#include "support/catch_compat.hpp"
#include "support/chaos_proxy.hpp"
#include "support/eventually.hpp"
#include "support/free_port.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

/// Times to live as `remote_node::patient` and `quick` have them, in
/// milliseconds.
constexpr auto patient = "600000";
constexpr auto quick = "4000";

/// A client in a process of its own.
class client_process {
public:
  explicit client_process(std::uint16_t port)
    : program_{
      {.command = {REMOTE_CLIENT_PROGRAM, "127.0.0.1:" + std::to_string(port),
                   "user", user_token, patient}}} {
    REQUIRE(program_.wait_for_line("ready"));
  }

  std::string say(const std::string& order) {
    program_.write(order + "\n");
    return answer();
  }

  std::string answer() {
    return program_.wait_for_line("").value_or("nothing");
  }

  process& program() {
    return program_;
  }

private:
  process program_;
};

bool all_back(remote_node& node) {
  return eventually([&] {
    auto x = node.snapshot("main");
    return x.leases.empty() && x.gauges.leased == 0;
  });
}

/// A node in a process of its own, on a port that stays the same.
class node_process {
public:
  explicit node_process(const char* ttl = patient) : ttl_(ttl) {
    auto pattern
      = (std::filesystem::temp_directory_path() / "remote_proc_XXXXXX")
          .string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    std::ofstream{folder_ + "/tokens"} << "user use " << user_token << '\n';
    std::filesystem::permissions(folder_ + "/tokens",
                                 std::filesystem::perms{0600});
    start();
  }

  ~node_process() {
    program_.reset();
    std::filesystem::remove_all(folder_);
  }

  node_process(const node_process&) = delete;
  node_process& operator=(const node_process&) = delete;

  void start() {
    program_ = std::make_unique<process>(process_options{
      .command = {REMOTE_NODE_PROGRAM, std::to_string(port_),
                  folder_ + "/tokens", folder_ + "/main.db", ttl_}});
    REQUIRE(program_->wait_for_line("ready"));
  }

  process& program() {
    return *program_;
  }

  remote_client client() const {
    auto options = remote_options{};
    options.address = "127.0.0.1:" + std::to_string(port_);
    options.principal = "user";
    options.token = secret{user_token};
    options.limit = 5min;
    options.connect_limit = patience;
    options.longest_pause = 200ms;
    options.link = remote_node::patient_link();
    return remote_client::connect(options).value();
  }

private:
  const char* ttl_;
  std::uint16_t port_ = free_port();
  std::string folder_;
  std::unique_ptr<process> program_;
};

} // namespace

// -- clients ------------------------------------------------------------------

TEST_CASE("a client that is killed leaves nothing behind",
          "[E01][trap-T18][trap-T60]") {
  remote_node node;
  node.add_sqlite("main", 2);
  client_process other{node.port()};
  REQUIRE(other.say("db main CREATE TABLE t (x)") == "ok");
  {
    client_process victim{node.port()};
    REQUIRE(victim.say("acquire main") == "error none");
    REQUIRE(victim.say("lease BEGIN") == "ok");
    REQUIRE(victim.say("lease INSERT INTO t VALUES (1)") == "ok");
    REQUIRE(node.snapshot("main").leases.size() == 1);
    victim.program().signal(SIGKILL);
    // The kernel tells of a dead process; nobody waits for its time to live.
    CHECK(all_back(node));
  }
  CHECK(other.say("db main SELECT count(*) FROM t") == "ok 0");
  CHECK(eventually([&] { return node.stats().sessions == 1; }));
}

TEST_CASE("a client that starts again is a stranger to its old leases",
          "[E02]") {
  remote_node node;
  node.add_sqlite("main", 1);
  auto first = std::make_unique<client_process>(node.port());
  REQUIRE(first->say("acquire main") == "error none");
  first->program().signal(SIGKILL);
  client_process second{node.port()};
  CHECK(second.say("acquire main") == "error none");
  CHECK(second.say("lease SELECT 7") == "ok 7");
}

TEST_CASE("a frozen client loses its lease, and learns it when it wakes up",
          "[E03][E04][trap-T29][trap-T60][trap-T61]") {
  remote_node node{remote_node::quick()};
  node.add_sqlite("main", 1);
  node.execute("main", "CREATE TABLE t (x)");
  client_process sleeper{node.port()};
  auto holds = [&](const std::string& order) {
    return sleeper.say("release") == "ok"
           && sleeper.say("acquire main") == "error none"
           && sleeper.say(order).starts_with("ok");
  };
  // A machine that stands still takes leases away, too.
  REQUIRE(eventually([&] {
    return holds("lease BEGIN")
           && sleeper.say("lease INSERT INTO t VALUES (1)") == "ok";
  }));
  sleeper.program().signal(SIGSTOP);
  CHECK(all_back(node));
  // The next holder sees nothing of it.
  auto rows_seen = [&node] {
    auto rows = node.execute("main", "SELECT count(*) FROM t");
    return rows[0][0].as<std::int64_t>();
  };
  CHECK(rows_seen() == 0);
  sleeper.program().signal(SIGCONT);
  CHECK(sleeper.say("lease COMMIT") == "error lease_lost");
  CHECK(rows_seen() == 0);
  // It connects again, and gets another lease.
  CHECK(eventually([&] { return holds("lease SELECT 7"); }));
}

TEST_CASE("a client that is cut off loses its lease", "[E03][trap-T60]") {
  remote_node node{remote_node::quick()};
  node.add_sqlite("main", 1);
  chaos_proxy proxy{node.port()};
  client_process victim{proxy.port()};
  REQUIRE(victim.say("acquire main") == "error none");
  proxy.set(chaos_proxy::mode::stall);
  CHECK(all_back(node));
  CHECK(victim.say("lease SELECT 1") == "error lease_lost");
  proxy.set(chaos_proxy::mode::pass);
  CHECK(eventually([&] { return victim.say("acquire main") == "error none"; }));
}

// -- nodes --------------------------------------------------------------------

TEST_CASE("a node that is killed fails what is under way, and is found again",
          "[trap-T41][trap-T60]") {
  node_process node;
  auto db = node.client();
  REQUIRE(db.execute("main", "CREATE TABLE t (x)"));
  auto held = db.acquire("main");
  REQUIRE(held);
  auto slow = db.execute_later(
    "main", {"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c "
             "LIMIT 1000000000) SELECT count(*) FROM c"});
  REQUIRE(eventually([&] {
    auto x = db.snapshot("main");
    return x && x->gauges.leased == 2;
  }));
  node.program().signal(SIGKILL);
  // Long before its limit.
  auto lost = slow.get();
  CHECK(code_of(lost) == errc::outcome_unknown);
  CHECK_THAT(lost.error().message, ContainsSubstring("is lost"));
  CHECK(held->lost());
  CHECK(code_of(db.execute("main", "SELECT 1")) == errc::node_unreachable);
  CHECK(code_of(db.acquire("main")) == errc::node_unreachable);
  node.start();
  CHECK(eventually([&] { return db.execute("main", "SELECT 1").has_value(); }));
  CHECK(code_of(held->execute("SELECT 1")) == errc::lease_lost);
}

TEST_CASE("a node that is frozen is noticed, and found again when it wakes up",
          "[E03][trap-T60]") {
  node_process node{quick};
  auto db = node.client();
  auto held = result<remote_lease>{error{}};
  REQUIRE(eventually([&] {
    held = db.acquire("main");
    return held.has_value();
  }));
  node.program().signal(SIGSTOP);
  // Long before its limit.
  auto stuck = db.execute("main", "SELECT 1");
  CHECK((code_of(stuck) == errc::outcome_unknown
         || code_of(stuck) == errc::node_unreachable));
  CHECK_THAT(stuck.error().message,
             !ContainsSubstring("did not answer within"));
  CHECK(eventually([&] { return held->lost(); }));
  node.program().signal(SIGCONT);
  CHECK(
    eventually([&] { return db.execute("main", "SELECT 1", 5s).has_value(); }));
}

TEST_CASE("a node that ends in order says farewell") {
  node_process node;
  auto db = node.client();
  node.program().close_input();
  CHECK(eventually([&] { return !db.connected(); }));
  auto refused = db.execute("main", "SELECT 1");
  CHECK(code_of(refused) == errc::node_unreachable);
  CHECK(node.program().wait() == 0);
}
