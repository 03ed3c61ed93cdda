#include "support/chaos_proxy.hpp"

#include "support/catch_compat.hpp"
#include "support/chaos_socket.hpp"
#include "support/eventually.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <thread>

using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

// Sends back what it gets, for one connection after another.
class echo_server {
public:
  echo_server() : listener_(chaos_socket::listen(0, 16)) {
    thread_ = std::thread{[this] { run(); }};
  }

  ~echo_server() {
    ::shutdown(listener_.fd(), SHUT_RDWR);
    thread_.join();
  }

  std::uint16_t port() const {
    return listener_.port();
  }

private:
  void run() {
    for (;;) {
      pollfd item{listener_.fd(), POLLIN, 0};
      ::poll(&item, 1, -1);
      auto peer = listener_.accept();
      if (!peer.valid())
        return;
      std::array<char, 1024> buf;
      for (;;) {
        pollfd in{peer.fd(), POLLIN, 0};
        ::poll(&in, 1, -1);
        auto n = ::recv(peer.fd(), buf.data(), buf.size(), 0);
        if (n <= 0)
          break;
        ::send(peer.fd(), buf.data(), static_cast<std::size_t>(n),
               MSG_NOSIGNAL);
      }
    }
  }

  chaos_socket listener_;
  std::thread thread_;
};

void say(const chaos_socket& to, std::string_view text) {
  ::send(to.fd(), text.data(), text.size(), MSG_NOSIGNAL);
}

// Returns what arrives within a time; "<end>" and "<reset>" for the ends.
std::string hear(const chaos_socket& from, std::chrono::milliseconds limit) {
  pollfd item{from.fd(), POLLIN, 0};
  if (::poll(&item, 1, static_cast<int>(limit.count())) <= 0)
    return {};
  std::array<char, 1024> buf;
  auto n = ::recv(from.fd(), buf.data(), buf.size(), 0);
  if (n < 0)
    return errno == ECONNRESET ? "<reset>" : "<error>";
  return n == 0 ? "<end>" : std::string{buf.data(), static_cast<size_t>(n)};
}

} // namespace

TEST_CASE("the proxy carries, holds back, delays and limits", "[support]") {
  echo_server server;
  chaos_proxy net{server.port()};
  auto client = chaos_socket::connect(net.port());
  REQUIRE(client.valid());
  say(client, "one");
  CHECK(hear(client, patience) == "one");
  CHECK(net.connects() == 1);
  CHECK(net.bytes(chaos_proxy::direction::to_server) == 3);
  SECTION("a stalled one is silent, and loses nothing") {
    net.set(chaos_proxy::mode::stall);
    say(client, "two");
    CHECK(hear(client, 50ms).empty());
    net.set(chaos_proxy::mode::pass);
    CHECK(hear(client, patience) == "two");
  }
  SECTION("a slow one is late in both directions") {
    net.delay(30ms);
    auto began = std::chrono::steady_clock::now();
    say(client, "two");
    CHECK(hear(client, patience) == "two");
    CHECK(std::chrono::steady_clock::now() - began >= 60ms);
  }
  SECTION("a narrow one takes its time") {
    net.throttle(1000);
    auto began = std::chrono::steady_clock::now();
    say(client, std::string(200, 'x'));
    std::string all;
    while (all.size() < 200)
      all += hear(client, patience);
    CHECK(std::chrono::steady_clock::now() - began >= 100ms);
  }
  SECTION("a limited one resets after so many bytes") {
    net.cut_after(chaos_proxy::direction::to_client, 2);
    say(client, "two");
    auto first = hear(client, patience);
    CHECK((first == "tw" || first == "<reset>"));
    CHECK(eventually([&] { return net.open() == 0; }));
  }
}

TEST_CASE("the proxy ends connections in every way", "[support]") {
  echo_server server;
  chaos_proxy net{server.port()};
  auto client = chaos_socket::connect(net.port());
  say(client, "one");
  REQUIRE(hear(client, patience) == "one");
  SECTION("in order") {
    net.cut();
    CHECK(hear(client, patience) == "<end>");
  }
  SECTION("by a reset") {
    net.reset();
    CHECK(hear(client, patience) == "<reset>");
  }
  SECTION("without telling the client") {
    net.lose_server();
    say(client, "two");
    CHECK(hear(client, 50ms).empty());
  }
}

TEST_CASE("the proxy keeps connections from being made", "[support]") {
  echo_server server;
  chaos_proxy net{server.port()};
  SECTION("by refusing") {
    net.set(chaos_proxy::mode::refuse);
    CHECK(
      eventually([&] { return !chaos_socket::connect(net.port()).valid(); }));
  }
  SECTION("by silence") {
    net.set(chaos_proxy::mode::blackhole);
    auto client = chaos_socket::start_connecting(net.port());
    pollfd item{client.fd(), POLLOUT, 0};
    CHECK(::poll(&item, 1, 100) == 0);
  }
  net.set(chaos_proxy::mode::pass);
  auto client = chaos_socket::connect(net.port());
  REQUIRE(client.valid());
  say(client, "one");
  CHECK(hear(client, patience) == "one");
}
