#include "caf_pool/admin/http/server.hpp"

#include "admin/fake_node.hpp"
#include "admin/samples.hpp"
#include "support/catch_compat.hpp"
#include "support/http_client.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;
using test::fetch;
using test::http_client;
using test::request_text;
using clock_type = std::chrono::steady_clock;

namespace {

// The same limits, but short, so that the tests are.
admin_limits impatient() {
  admin_limits x;
  x.header_time = 200ms;
  x.idle_time = 400ms;
  x.write_time = 300ms;
  return x;
}

// No limits of time that a busy machine could run into.
admin_limits patient() {
  admin_limits x;
  x.look_time = x.header_time = x.idle_time = x.write_time = test::patience;
  return x;
}

struct fixture {
  explicit fixture(const admin_limits& limits = patient()) {
    auto node = test::fake_node::make({test::sample_pool("main")});
    uut = admin_server::start({true, "127.0.0.1", 0}, node->source(), limits)
            .value();
    port = uut->port();
  }

  // Tells whether it answers somebody who comes in time.
  bool answers() const {
    return test::eventually(
      [this] { return fetch(port, "/livez").status == 200; });
  }

  // A client that has got an answer in time.
  http_client served_client() const {
    for (;;) {
      http_client result{port};
      result.send(request_text("/livez"));
      if (result.read())
        return result;
    }
  }

  std::unique_ptr<admin_server> uut;
  std::uint16_t port = 0;
};

duration since(clock_type::time_point x) {
  return clock_type::now() - x;
}

// Tells whether the server has read all that clients sent to it.
bool has_read_all(std::uint16_t port) {
  std::ifstream table{"/proc/net/tcp"};
  std::string line;
  while (std::getline(table, line)) {
    std::istringstream in{line};
    std::string number, local, remote, state, queues;
    in >> number >> local >> remote >> state >> queues;
    auto mine = state == "01" // ESTABLISHED
                && local.starts_with("0100007F:")
                && std::stoul(local.substr(9), nullptr, 16) == port;
    if (mine && !queues.ends_with(":00000000"))
      return false;
  }
  return true;
}

// Sends pieces of `bytes`, one at each `pause`, until the server has enough.
// Returns the time since `start`, which is before the server's own clock began.
duration drip(http_client& client, const std::string& bytes, duration pause,
              clock_type::time_point start) {
  for (std::size_t i = 0; since(start) < test::patience; ++i) {
    client.send(bytes.substr(i % bytes.size(), 1));
    if (client.closed(pause))
      break;
  }
  return since(start);
}

} // namespace

TEST_CASE("the limits are what the documents say") {
  admin_limits x;
  CHECK(x.header_time == 5s);
  CHECK(x.idle_time == 30s);
  CHECK(x.max_connections == 256);
  CHECK(x.max_header == 8 * 1024);
  CHECK(x.max_request_line == 4 * 1024);
  CHECK(x.look_time < 50ms);
}

TEST_CASE("a client that drips its header is closed", "[A01]") {
  fixture f{impatient()};
  auto start = clock_type::now();
  http_client client{f.port};
  auto took = drip(client, "GET /livez HTTP/1.1\r\nX: ", 20ms, start);
  CHECK(took >= 200ms);
  CHECK(took < test::patience);
  CHECK(f.answers());
}

TEST_CASE("a client that drips its second header is closed", "[A01]") {
  fixture f{impatient()};
  auto client = f.served_client();
  CHECK(drip(client, "X", 20ms, clock_type::now()) < test::patience);
}

TEST_CASE("a body is refused before it comes", "[A01]") {
  fixture f;
  for (auto* method : {"POST", "GET", "PUT"})
    for (auto* header :
         {"Content-Length: 1\r\n", "Content-Length: 99999999999\r\n",
          "Transfer-Encoding: chunked\r\n"}) {
      CAPTURE(method, header);
      http_client client{f.port};
      // Not a byte of the body.
      client.send(request_text("/livez", method, header));
      auto reply = client.read();
      REQUIRE(reply);
      CHECK(reply->status == 413);
      CHECK(reply->headers["connection"] == "close");
      // Not only when the client stops sending.
      CHECK(drip(client, "x", 20ms, clock_type::now()) < test::patience);
    }
  auto huge = "Content-Length: 99999999999999999999999\r\n";
  CHECK(fetch(f.port, "/livez", "POST", huge).status == 400);
  CHECK(fetch(f.port, "/livez", "GET", "Content-Length: 0\r\n").status == 200);
  CHECK(fetch(f.port, "/livez", "POST", "Expect: 100-continue\r\n").status
        == 417);
}

TEST_CASE("a client that says nothing is closed", "[A01]") {
  fixture f{impatient()};
  auto start = clock_type::now();
  http_client fresh{f.port};
  CHECK(fresh.closed());
  CHECK(since(start) >= 200ms);
}

TEST_CASE("a client that falls silent is closed later than a new one") {
  fixture f{impatient()};
  auto start = clock_type::now();
  auto client = f.served_client();
  CHECK(client.closed());
  CHECK(since(start) >= 400ms);
}

TEST_CASE("a client that does not read its answers is closed", "[A01]") {
  fixture f{impatient()};
  http_client client{f.port};
  // Far more answers than the buffers of both sockets hold.
  std::string many;
  for (auto i = 0; i < 2000; ++i)
    many += request_text("/metrics");
  auto start = clock_type::now();
  while (client.send(many) && since(start) < test::patience) {
    // nop
  }
  CHECK(since(start) < test::patience);
  CHECK(f.answers());
}

TEST_CASE("a header that is too long gets 431", "[A01]") {
  fixture f;
  auto long_field = "X-Long: " + std::string(9000, 'x') + "\r\n";
  CHECK(fetch(f.port, "/livez", "GET", long_field).status == 431);
  std::string many;
  for (auto i = 0; i < 1000; ++i)
    many += "X-" + std::to_string(i) + ": y\r\n";
  CHECK(fetch(f.port, "/livez", "GET", many).status == 431);
  auto fits = "X-Long: " + std::string(7000, 'x') + "\r\n";
  CHECK(fetch(f.port, "/livez", "GET", fits).status == 200);
}

TEST_CASE("a first line that is too long gets 414", "[A01]") {
  fixture f;
  CHECK(fetch(f.port, '/' + std::string(5000, 'x')).status == 414);
  CHECK(fetch(f.port, '/' + std::string(20000, 'x')).status == 414);
  CHECK(fetch(f.port, "/livez?" + std::string(4000, 'x')).status == 200);
}

TEST_CASE("what is no HTTP gets 400 and is closed", "[A01]") {
  fixture f;
  for (auto text :
       {"\r\n\r\n", "hello\r\n\r\n", "GET\r\n\r\n", "GET /\r\n\r\n",
        "GET / HTTP/1.1\r\n: x\r\n\r\n", "GET / HTTP/1.1\r\nA B: x\r\n\r\n",
        "\x16\x03\x01\x02\x01\x01\xfc\x03\x03", "GET / FTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"}) {
    INFO(text);
    http_client client{f.port};
    client.send(text);
    client.finish();
    auto reply = client.read();
    REQUIRE(reply);
    CHECK(reply->status / 100 == (reply->status == 505 ? 5 : 4));
    CHECK(client.closed());
  }
  CHECK(fetch(f.port, "/livez").status == 200);
}

TEST_CASE("an unknown version of HTTP is refused", "[A01]") {
  fixture f;
  http_client client{f.port};
  client.send("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n");
  CHECK(client.read().value().status == 505);
}

TEST_CASE("random bytes never stop the server", "[A01]") {
  fixture f;
  std::mt19937 dice{4711};
  auto good = request_text("/readyz?verbose", "GET", "X-Some: thing\r\n");
  for (auto i = 0; i < 300; ++i) {
    auto bytes = good;
    for (auto n = dice() % 5; n < 5; ++n)
      bytes[dice() % bytes.size()] = static_cast<char>(dice());
    http_client client{f.port};
    client.send(bytes);
    client.finish();
    CHECK(client.closed());
  }
  CHECK(fetch(f.port, "/livez").status == 200);
}

TEST_CASE("slow clients do not keep others from being answered", "[A04]") {
  auto limits = patient();
  limits.max_connections = 16;
  fixture f{limits};
  std::vector<http_client> slow;
  for (auto i = 0; i < 100; ++i) {
    auto& client = slow.emplace_back(f.port);
    // Some say nothing, some half a header, some fell silent after an answer.
    if (i % 3 == 1)
      client.send("GET /livez HT");
    else if (i % 3 == 2)
      client.send(request_text("/livez"));
    if (i % 10 == 0)
      CHECK(fetch(f.port, "/livez").status == 200);
  }
  for (auto i = 0; i < 20; ++i)
    CHECK(fetch(f.port, "/livez").status == 200);
}

TEST_CASE("who has kept the server waiting longest goes first", "[A04]") {
  auto limits = patient();
  limits.max_connections = 3;
  fixture f{limits};
  auto first = f.served_client();
  auto second = f.served_client();
  auto third = f.served_client();
  first.send(request_text("/livez"));
  REQUIRE(first.read());
  CHECK(fetch(f.port, "/livez").status == 200);
  CHECK(second.closed());
  for (auto* x : {&first, &third}) {
    x->send(request_text("/livez"));
    CHECK(x->read().value().status == 200);
  }
}

TEST_CASE("clients that wait for the server are not hung up on", "[A04]") {
  auto limits = patient();
  limits.max_connections = 4;
  auto node = test::fake_node::make({test::sample_pool("main")});
  node->mute(true);
  auto uut
    = admin_server::start({true, "127.0.0.1", 0}, node->source(), limits)
        .value();
  std::vector<http_client> clients;
  for (auto i = 0; i < 4; ++i)
    clients.emplace_back(uut->port()).send(request_text("/metrics"));
  REQUIRE(test::eventually([&] { return has_read_all(uut->port()); }));
  http_client late{uut->port()};
  auto reply = late.read(false);
  node->mute(false);
  node->answer_all();
  REQUIRE(reply);
  CHECK(reply->status == 503);
  CHECK_THAT(reply->body, ContainsSubstring("there may be 4"));
  for (auto& x : clients)
    CHECK(x.read().value().status == 200);
}

TEST_CASE("a flood of connections leaves nothing behind", "[A04]") {
  fixture f;
  for (auto round = 0; round < 5; ++round) {
    std::vector<http_client> clients;
    for (auto i = 0; i < 200; ++i)
      clients.emplace_back(f.port).send("GET /livez HT");
  }
  CHECK(f.answers());
}

TEST_CASE("a process without file descriptors can still be asked why",
          "[A04]") {
  fixture f;
  REQUIRE(fetch(f.port, "/livez").status == 200);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  auto narrow = before;
  narrow.rlim_cur = 256;
  ::setrlimit(RLIMIT_NOFILE, &narrow);
  auto client = http_client::unconnected();
  std::vector<int> fds;
  for (int fd; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;)
    fds.push_back(fd);
  client.connect(f.port);
  client.send(request_text("/metrics"));
  auto reply = client.read();
  for (auto fd : fds)
    ::close(fd);
  ::setrlimit(RLIMIT_NOFILE, &before);
  REQUIRE(reply);
  CHECK(reply->status == 200);
}
