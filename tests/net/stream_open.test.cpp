#include "caf_pool/net/stream/connect_socket.hpp"

#include "net/net_support.hpp"
#include "net/stream_server.hpp"
#include "support/chaos_proxy.hpp"
#include "support/free_port.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

namespace fs = std::filesystem;

/// A folder for unix sockets that ends with the object.
struct socket_folder {
  socket_folder() {
    auto pattern = (fs::temp_directory_path() / "caf_pool_net_XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }

  ~socket_folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }

  stream_options at(const std::string& name) const {
    stream_options result;
    result.path = (path / name).string();
    return result;
  }

  fs::path path;
};

/// An opening that has all the time of the world, in a thread of its own.
class opening {
public:
  explicit opening(stream_options options,
                   std::shared_ptr<tls_context> context = nullptr)
    : end_(std::async(std::launch::async, [this, options, context] {
        auto stream = deadline_stream::open(options, context, never, &bell_);
        return stream ? error{} : stream.error();
      })) {
    // nop
  }

  error call_off() {
    bell_.ring();
    REQUIRE(end_.wait_for(patience) == std::future_status::ready);
    return end_.get();
  }

private:
  bell bell_;
  std::future<error> end_;
};

/// A unix socket whose queue is full.
class full_server {
public:
  explicit full_server(const std::string& path) {
    where_.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), where_.sun_path);
    auto fd = add();
    REQUIRE(::bind(fd, raw(), sizeof(where_)) == 0);
    REQUIRE(::listen(fd, 0) == 0);
    while (::connect(add(), raw(), sizeof(where_)) == 0) {
      // nop
    }
  }

  ~full_server() {
    for (auto fd : fds_)
      ::close(fd);
  }

private:
  int add() {
    fds_.push_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
    return fds_.back();
  }

  sockaddr* raw() {
    return reinterpret_cast<sockaddr*>(&where_);
  }

  sockaddr_un where_{};
  std::vector<int> fds_;
};

std::shared_ptr<tls_context> some_tls() {
  return tls_context::make({.ca_file = tls_files::shared().ca}).value();
}

} // namespace

TEST_CASE("a stream leads to a server by TCP or by a unix socket", "[net]") {
  auto talk = [](const stream_options& options) {
    auto stream = open_one(options);
    CHECK(write(*stream, "hello"));
    CHECK(read(*stream, 5) == "hello");
    CHECK(stream->reason() == "");
    return stream->describe();
  };
  stream_server tcp{echo};
  auto port = std::to_string(tcp.port());
  CHECK(talk(at(tcp.port())) == "127.0.0.1:" + port);
  CHECK(talk(at(tcp.port(), "localhost")) == "localhost:" + port);
  socket_folder folder;
  auto where = folder.at("s");
  stream_server local{echo, {.path = where.path}};
  CHECK(talk(where) == "unix " + where.path);
  CHECK(describe(at(6379, "::1"), true) == "tls [::1]:6379");
}

TEST_CASE("who cannot be reached is named with the reason", "[net]") {
  socket_folder folder;
  SECTION("a port where nobody listens") {
    auto why = refusal(at(free_port()));
    CHECK(why.code == errc::open_failed);
    CHECK_THAT(why.message, ContainsSubstring("Connection refused"));
    CHECK_THAT(why.message, ContainsSubstring("127.0.0.1:"));
  }
  SECTION("a name that nobody has") {
    auto why = refusal(at(6379, "no-such-host.invalid"));
    CHECK(why.code == errc::open_failed);
    CHECK_THAT(why.message, ContainsSubstring("no-such-host.invalid"));
  }
  SECTION("a unix socket that does not exist") {
    auto why = refusal(folder.at("s"));
    CHECK(why.code == errc::open_failed);
    CHECK_THAT(why.message, ContainsSubstring("No such file"));
  }
  SECTION("a path that is too long") {
    CHECK(refusal(folder.at(std::string(200, 's'))).code == errc::open_refused);
  }
}

TEST_CASE("an address that refuses leaves the others of its name", "[net]") {
  // Where the name has two addresses, nobody listens at the first.
  stream_server server{echo};
  CHECK(open_one(at(server.port(), "localhost")));
}

TEST_CASE("one deadline covers all of an opening", "[net][T08]") {
  stream_server silent{[](server_peer& peer) { peer.read(1'000'000); }};
  chaos_proxy net{silent.port()};
  socket_folder folder;
  auto options = at(net.port());
  std::shared_ptr<tls_context> tls;
  std::string phase;
  SECTION("while packets are dropped") {
    net.set(chaos_proxy::mode::blackhole);
    phase = "while connecting";
  }
  SECTION("while a server keeps silent in the handshake") {
    tls = some_tls();
    phase = "the server may not speak TLS";
  }
  SECTION("while a unix socket's queue is full") {
    options = folder.at("s");
    static std::unique_ptr<full_server> full;
    full = std::make_unique<full_server>(options.path);
    phase = "while connecting";
  }
  std::optional<error> why;
  auto took = time_of([&] { why = refusal(options, tls, 150ms); });
  INFO(to_string(*why));
  CHECK(why->code == errc::open_timeout);
  CHECK_THAT(why->message, ContainsSubstring(phase));
  CHECK(took >= 150ms);
  CHECK(took < no_hang);
}

TEST_CASE("a peer that vanished is noticed, if that is wanted", "[net]") {
  stream_server server{echo};
  auto option_of = [](const timed_socket& socket, int level, int name) {
    auto value = -1;
    socklen_t size = sizeof(value);
    ::getsockopt(socket.descriptor(), level, name, &value, &size);
    return value;
  };
  for (auto wanted : {true, false}) {
    auto made
      = connect_tcp("127.0.0.1", server.port(), wanted, soon(), nullptr);
    REQUIRE(made);
    auto& socket = **made;
    CHECK((option_of(socket, SOL_SOCKET, SO_KEEPALIVE) != 0) == wanted);
    CHECK((option_of(socket, IPPROTO_TCP, TCP_KEEPIDLE) == 10) == wanted);
    CHECK(option_of(socket, IPPROTO_TCP, TCP_USER_TIMEOUT)
          == (wanted ? 10'000 : 0));
    CHECK(option_of(socket, IPPROTO_TCP, TCP_NODELAY) != 0);
  }
}

TEST_CASE("a deadline that has passed starts no stream", "[net][T06]") {
  stream_server server{echo};
  CHECK(refusal(at(server.port()), nullptr, -1s).code == errc::open_timeout);
  CHECK(server.connects() == 0);
}

TEST_CASE("an opening of a stream that is called off ends at once",
          "[net][T08]") {
  stream_server silent{[](server_peer& peer) { peer.read(1'000'000); }};
  chaos_proxy net{silent.port()};
  socket_folder folder;
  SECTION("while it connects") {
    net.set(chaos_proxy::mode::blackhole);
    CHECK(opening{at(net.port())}.call_off().code == errc::cancelled);
  }
  SECTION("while it waits for room in a queue") {
    full_server full{folder.at("s").path};
    CHECK(opening{folder.at("s")}.call_off().code == errc::cancelled);
  }
  SECTION("while it negotiates TLS") {
    opening hanging{at(net.port()), some_tls()};
    // The server has heard of the client.
    REQUIRE(eventually(
      [&] { return net.bytes(chaos_proxy::direction::to_server) > 0; }));
    CHECK(hanging.call_off().code == errc::cancelled);
    // The half-made connection is gone.
    CHECK(eventually([&] { return net.open() == 0; }));
  }
  SECTION("before it begins") {
    bell rung;
    rung.ring();
    auto stream = deadline_stream::open(at(net.port()), nullptr, soon(), &rung);
    REQUIRE_FALSE(stream);
    CHECK(stream.error().code == errc::cancelled);
    CHECK(net.connects() == 0);
  }
}
