#include "backend/postgres/postgres_support.hpp"
#include "support/chaos_proxy.hpp"
#include "support/free_port.hpp"

#include <csignal>
#include <future>
#include <string>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

error unreachable(const pool_config& config, duration limit = patience) {
  auto there = make(config)->reachable(soon(limit));
  REQUIRE_FALSE(there);
  INFO(to_string(there.error()));
  return there.error();
}

} // namespace

TEST_CASE("a server that takes logins is reachable", "[postgres]") {
  auto& server = private_postgres::shared();
  SECTION("by its unix socket") {
    CHECK(make(config_for(server))->reachable(soon()));
  }
  SECTION("by TCP") {
    CHECK(make(tcp_config(server, "localhost"))->reachable(soon()));
  }
  SECTION("behind a dead host of a list") {
    auto config = config_for(server);
    config.options["host"] = "/nonexistent," + server.socket_dir();
    CHECK(make(config)->reachable(soon()));
  }
  SECTION("whatever the login would be told") {
    auto config = config_for(server);
    config.options["database"] = "nowhere";
    CHECK(make(config)->reachable(soon()));
    config.options["user"] = "nobody";
    CHECK(make(config)->reachable(soon()));
  }
}

TEST_CASE("a look at a server tells no password and leaves no line in its log",
          "[postgres]") {
  auto& server = private_postgres::shared();
  auto config = tcp_config(server);
  config.options["user"] = "guarded";
  config.password = secret{"not the password"};
  auto before = server.log().size();
  for (int i = 0; i < 3; ++i)
    CHECK(make(config)->reachable(soon()));
  CHECK_FALSE(make(config)->open(soon()));
  // The login failed and is in the log; the looks before it are not.
  auto lines = [&] { return server.log().substr(before); };
  CHECK(eventually([&] {
    return lines().find("authentication failed") != std::string::npos;
  }));
  auto first = lines().find("authentication failed");
  CHECK(lines().find("authentication failed", first + 1) == std::string::npos);
}

TEST_CASE("a server that is not there is unreachable", "[postgres]") {
  auto& server = private_postgres::shared();
  auto config = tcp_config(server);
  SECTION("because nobody listens") {
    config.options["port"] = std::to_string(free_port());
    CHECK(unreachable(config).code == errc::open_failed);
  }
  SECTION("because nobody answers") {
    chaos_proxy net{server.port()};
    net.set(chaos_proxy::mode::stall);
    config.options["port"] = std::to_string(net.port());
    CHECK(unreachable(config, 200ms).code == errc::open_timeout);
    net.set(chaos_proxy::mode::pass);
    CHECK(make(config)->reachable(soon()));
  }
  SECTION("because there is no time") {
    CHECK(unreachable(config, -1s).code == errc::open_timeout);
  }
}

TEST_CASE("a server that listens but takes no logins is unreachable",
          "[postgres]") {
  private_postgres server{
    {.max_connections = 20, .tls = false, .settings = {}}};
  auto guest = open_one(config_for(server));
  auto pid = std::stoi(
    server.query("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', "
                 "1)"));
  CHECK(make(config_for(server))->reachable(soon()));
  // Waits for the guest to leave, and turns newcomers away meanwhile.
  REQUIRE(::kill(pid, SIGTERM) == 0);
  auto config = config_for(server);
  CHECK(eventually([&] { return !make(config)->reachable(soon()); }));
  auto why = unreachable(config);
  CHECK(why.code == errc::connection_lost);
  CHECK(why.state == "57P03");
  CHECK(text_of(*guest, "SELECT 'still here'") == "still here");
}

TEST_CASE("pools that miss the same server share one look at it",
          "[postgres]") {
  auto& server = private_postgres::shared();
  chaos_proxy net{server.port()};
  auto config = tcp_config(server);
  config.options["port"] = std::to_string(net.port());
  config.options["sslmode"] = "disable";
  std::vector<backend_ptr> ways;
  for (auto i = 0; i < 5; ++i) {
    config.options["user"] = "user_" + std::to_string(i);
    ways.push_back(make(config));
  }
  // Threads that begin late find what the server said, or look themselves.
  CHECK(eventually([&] {
    auto before = net.connects();
    net.set(chaos_proxy::mode::stall);
    std::vector<std::future<result<void>>> looks;
    for (auto& backend : ways)
      looks.push_back(std::async(
        std::launch::async, [&backend] { return backend->reachable(soon()); }));
    eventually([&] { return net.connects() > before; });
    net.set(chaos_proxy::mode::pass);
    for (auto& look : looks)
      CHECK(look.get());
    return net.connects() - before < ways.size();
  }));
  // Another server is none of them.
  net.set(chaos_proxy::mode::stall);
  config.options["database"] = "another";
  CHECK(unreachable(config, 100ms).code == errc::open_timeout);
}

TEST_CASE("who shares a look waits no longer than its own deadline",
          "[postgres][T07]") {
  auto& server = private_postgres::shared();
  chaos_proxy net{server.port()};
  net.set(chaos_proxy::mode::stall);
  auto config = tcp_config(server);
  config.options["port"] = std::to_string(net.port());
  config.options["sslmode"] = "disable";
  auto leading = std::async(std::launch::async, [backend = make(config)] {
    return backend->reachable(soon(300ms));
  });
  REQUIRE(eventually([&] { return net.connects() == 1; }));
  CHECK(unreachable(config, 50ms).code == errc::open_timeout);
  // Who has more time than whoever looks, looks on.
  auto heir = std::async(std::launch::async, [backend = make(config)] {
    return backend->reachable(never);
  });
  CHECK(leading.get().error().code == errc::open_timeout);
  REQUIRE(eventually([&] { return net.connects() == 2; }));
  net.set(chaos_proxy::mode::pass);
  CHECK(heir.get());
}
