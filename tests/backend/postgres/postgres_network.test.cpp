#include "backend/postgres/postgres_support.hpp"
#include "support/chaos_proxy.hpp"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <sched.h>
#include <string>
#include <thread>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

// Switches the network device of the calling thread's namespace.
void switch_loopback(bool on) {
  auto fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  CHECK(::ioctl(fd, SIOCGIFFLAGS, &request) == 0);
  auto flags = static_cast<unsigned>(request.ifr_flags);
  request.ifr_flags
    = static_cast<short>(on ? flags | IFF_UP : flags & ~unsigned{IFF_UP});
  CHECK(::ioctl(fd, SIOCSIFFLAGS, &request) == 0);
  ::close(fd);
}

} // namespace

TEST_CASE("a network that holds everything back is noticed at the deadline",
          "[postgres][trap-T28]") {
  auto& server = private_postgres::shared();
  chaos_proxy net{server.port()};
  auto config = tcp_config(server);
  config.options["port"] = std::to_string(net.port());
  auto conn = make(config)->open(soon()).value();
  SECTION("with both sides there") {
    net.set(chaos_proxy::mode::stall);
  }
  SECTION("with the server's side gone") {
    net.lose_server();
  }
  auto took = time_of([&] {
    CHECK(error_of(*conn, "SELECT 1", 200ms).code == errc::execute_timeout);
  });
  CHECK(took >= 200ms);
  CHECK(took < no_hang);
  CHECK(conn->state() == trace::broken);
}

TEST_CASE("a slow network only makes things slow", "[postgres]") {
  auto& server = private_postgres::shared();
  chaos_proxy net{server.port()};
  auto config = tcp_config(server);
  config.options["port"] = std::to_string(net.port());
  auto bears = [&](connection& conn) {
    net.delay(20ms);
    CHECK(number_of(conn, "SELECT 1") == 1);
    CHECK(error_of(conn, "SELECT pg_sleep(300)", 100ms).code
          == errc::execute_timeout);
    net.delay(0ms);
    if (conn.state() == trace::broken)
      return false;
    REQUIRE(conn.reset(reset_policy::automatic, soon()));
    net.throttle(100'000);
    auto rows = must(conn, "SELECT repeat('x', 20000)");
    CHECK(std::get<std::string>(rows.cells[0]).size() == 20000);
    CHECK(conn.state() != trace::broken);
    return true;
  };
  CHECK(one_survives(bears, config));
}

TEST_CASE("packets that vanish are noticed by the user timeout",
          "[postgres][T09]") {
  // A thread has a network of its own, if it may; its server and its
  // connections live in there, and no packet arrives while its device is down.
  bool possible = false;
  std::optional<error> by_default;
  std::optional<error> by_timeout;
  duration took{};
  std::thread{[&] {
    if (::unshare(CLONE_NEWNET) != 0)
      return;
    possible = true;
    switch_loopback(true);
    private_postgres server{
      {.max_connections = 20, .tls = false, .settings = {}}};
    auto config = tcp_config(server);
    config.options["tcp_user_timeout"] = "1s";
    auto conn = open_one(config);
    config.options["tcp_user_timeout"] = "0";
    auto other = open_one(config);
    switch_loopback(false);
    took = time_of([&] {
      auto rows = conn->execute("SELECT 1", soon());
      if (!rows)
        by_timeout = rows.error();
    });
    auto rows = other->execute("SELECT 1", soon(3s));
    if (!rows)
      by_default = rows.error();
    conn.reset();
    other.reset();
  }}.join();
  if (!possible)
    SKIP("no right to make a network namespace");
  REQUIRE(by_timeout);
  INFO(to_string(*by_timeout));
  CHECK(by_timeout->code == errc::connection_lost);
  CHECK(took >= 900ms);
  CHECK(took < no_hang);
  // The one without only has its deadline.
  REQUIRE(by_default);
  CHECK(by_default->code == errc::execute_timeout);
}
