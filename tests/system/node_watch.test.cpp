// What a node writes about the use of its pools.

#include "caf_pool/log/usage_log.hpp"
#include "caf_pool/node/capacity_check.hpp"

#include "node_program.hpp"
#include "remote_node.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/private_postgres.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

/// Keeps what this process writes to stderr in a file instead.
class kept_stderr {
public:
  explicit kept_stderr(std::string path)
    : path_(std::move(path)), before_(::dup(STDERR_FILENO)) {
    auto fd = ::open(path_.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    ::dup2(fd, STDERR_FILENO);
    ::close(fd);
  }

  kept_stderr(const kept_stderr&) = delete;
  kept_stderr& operator=(const kept_stderr&) = delete;

  ~kept_stderr() {
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
  }

  std::string text() const {
    std::ifstream in{path_};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

private:
  std::string path_;
  int before_;
};

pool_config pool_at(const std::string& name, const std::string& host,
                    std::uint32_t size) {
  pool_config x;
  x.name = name;
  x.backend = "postgres";
  x.options = {{"host", host}};
  x.max_size = size;
  return x;
}

std::string postgres_node(const std::string& more) {
  return "[pools.main]\nbackend = \"postgres\"\nmin_size = 0\n" + more
         + "[pools.main.postgres]\nhost = \"127.0.0.1\"\nuser = \"app\"\n"
           "database = \"app\"\nport = "
         + std::to_string(private_postgres::shared().port()) + "\n";
}

} // namespace

TEST_CASE("the log tells once in a while how much of each pool is used") {
  scratch_folder folder;
  remote_node node;
  node.add_sqlite("first", 3);
  node.add_sqlite("second", 5);
  auto db = node.client();
  auto held = db.acquire("second");
  REQUIRE(held);
  kept_stderr log{(folder.path / "log").string()};
  auto out = std::make_shared<logger>(log_config{});
  auto uut = spawn_usage_log(node.system(), node.manager(), out, 20ms);
  CHECK(eventually([&] {
    out->flush();
    auto text = log.text();
    return text.find("pool=first use=0/3") != text.npos
           && text.find("pool=second use=1/5") != text.npos;
  }));
  CHECK_THAT(log.text(), ContainsSubstring("pool_usage pool=first"));
  caf::anon_send_exit(uut, caf::exit_reason::user_shutdown);
}

TEST_CASE("pools of one server are added up, others are not") {
  pool_config file;
  file.name = "file";
  auto loads = loads_of({pool_at("a", "db1", 100), pool_at("b", "db2", 20),
                         pool_at("c", "db1", 50), file});
  REQUIRE(loads.size() == 2);
  CHECK(loads[0].pools == "a, c");
  CHECK(loads[0].first == "a");
  CHECK(loads[0].wanted == 150);
  CHECK(loads[1].pools == "b");
  CHECK(loads[1].wanted == 20);
}

TEST_CASE("a node whose pools may want more than their server takes says so") {
  running_node x{postgres_node("max_size = 500\n")};
  auto line = x.node.wait_for_line("too_many_connections");
  REQUIRE(line);
  CHECK_THAT(*line, ContainsSubstring("pools=main"));
  CHECK_THAT(*line, ContainsSubstring("wanted=500"));
  // 200, of which 3 are for superusers.
  CHECK_THAT(*line, ContainsSubstring("server=197"));
}

TEST_CASE("a node whose server has room enough does not mention it") {
  running_node x{postgres_node("max_size = 10\n")};
  // The check has run.
  CHECK(eventually([&] {
    auto stats = x.ctl({"--json", "stats"});
    return stats.out.find("\"executed\": 1") != std::string::npos;
  }));
  CHECK(x.node.err().find("too_many_connections") == std::string::npos);
}

TEST_CASE("a pool without metrics does not show in them") {
  running_node x{
    "[pools.shown]\nbackend = \"sqlite\"\nmax_size = 1\n"
    "[pools.shown.sqlite]\npath = \":memory:\"\n"
    "[pools.main]\nbackend = \"sqlite\"\nmax_size = 1\n"
    "enable_pool_metrics = false\n"
    "[pools.main.sqlite]\npath = \":memory:\"\n"};
  std::string text;
  CHECK(eventually([&] {
    text = fetch(x.admin_port(), "/metrics").body;
    return text.find("pool=\"shown\"") != std::string::npos;
  }));
  CHECK(text.find("pool=\"main\"") == std::string::npos);
  CHECK(x.ctl_shows({"pools"}, "main"));
}
