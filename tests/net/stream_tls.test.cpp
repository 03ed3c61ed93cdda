#include "net/net_support.hpp"
#include "net/stream_server.hpp"

#include <array>
#include <future>
#include <memory>
#include <openssl/ssl.h>
#include <string>
#include <utility>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

const tls_files& files() {
  return tls_files::shared();
}

std::shared_ptr<tls_context> context_of(tls_settings what = {}) {
  if (what.ca_file.empty())
    what.ca_file = files().ca;
  return tls_context::make(what).value();
}

bool talks(deadline_stream& stream) {
  return write(stream, "hello") && read(stream, 5) == "hello";
}

/// Answers "?" by "!" until the client ends.
void answer(server_peer& peer) {
  while (peer.read(1) == "?")
    peer.write("!");
}

} // namespace

TEST_CASE("a server with the right certificate is trusted", "[net][X01]") {
  auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  stream_server server{echo, {.tls = true, .version = version}};
  for (std::string host : {"localhost", "127.0.0.1"}) {
    auto stream = open_one(at(server.port(), host), context_of());
    CHECK(talks(*stream));
    CHECK(stream->describe()
          == "tls " + host + ":" + std::to_string(server.port()));
  }
}

TEST_CASE("the name to verify may be another than the host", "[net][X01]") {
  stream_server server{echo, {.tls = true, .cert = files().named}};
  auto context = context_of({.server_name = "db.example"});
  CHECK(talks(*open_one(at(server.port()), context)));
}

TEST_CASE("a certificate that cannot be trusted ends the opening",
          "[net][X01]") {
  server_options how{.tls = true};
  tls_settings what;
  std::string reason;
  SECTION("because a stranger issued it") {
    what.ca_file = files().other_ca;
    reason = "CA file";
  }
  SECTION("because it names another host") {
    how.cert = files().named;
    reason = "\"127.0.0.1\"";
  }
  SECTION("because it names another host than wanted") {
    what.server_name = "db.example";
    reason = "\"db.example\"";
  }
  SECTION("because it has expired") {
    how.cert = files().expired;
    reason = "expired";
  }
  stream_server server{echo, how};
  auto why = refusal(at(server.port()), context_of(what));
  INFO(to_string(why));
  CHECK(why.code == errc::open_refused);
  CHECK_THAT(why.message, ContainsSubstring("certificate"));
  CHECK_THAT(why.message, ContainsSubstring(reason));
  what.verify = false;
  CHECK(talks(*open_one(at(server.port()), context_of(what))));
}

TEST_CASE("the system's authorities do not know the tests' own", "[net][X01]") {
  stream_server server{echo, {.tls = true}};
  auto context = tls_context::make({}).value();
  CHECK(refusal(at(server.port()), context).code == errc::open_refused);
}

TEST_CASE("a server that wants a client certificate says so", "[net][X01]") {
  auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  stream_server server{
    echo, {.tls = true, .client_ca = files().ca, .version = version}};
  auto where = at(server.port());
  auto with = [](const tls_files::pair& pair) {
    return context_of({.cert_file = pair.cert, .key_file = pair.key});
  };
  CHECK(talks(*open_one(where, with(files().client))));
  auto rejection = [&](const std::shared_ptr<tls_context>& context) {
    auto stream = deadline_stream::open(where, context, soon());
    if (!stream) {
      CHECK(stream.error().code == errc::open_refused);
      return stream.error().message;
    }
    // TLS 1.3 tells only after the handshake.
    CHECK(version == TLS1_3_VERSION);
    CHECK(wait_on(**stream, soon()) == stream_wait::failed);
    CHECK((*stream)->refused());
    CHECK(wait_on(**stream, soon()) == stream_wait::failed);
    return (*stream)->reason();
  };
  CHECK_THAT(rejection(context_of()),
             ContainsSubstring("wants a client certificate"));
  CHECK_THAT(rejection(with(files().stranger)),
             ContainsSubstring("does not accept this client's certificate"));
}

TEST_CASE("why a server turned a client away is known to who writes, too",
          "[net][X01]") {
  stream_server server{
    echo, {.tls = true, .client_ca = files().ca, .version = TLS1_3_VERSION}};
  auto stream = open_one(at(server.port()), context_of());
  CHECK(eventually([&] { return !write(*stream, "x"); }));
  INFO(stream->reason());
  CHECK(stream->refused());
}

TEST_CASE("nothing is sent in the open to a server without TLS", "[net][X01]") {
  std::promise<std::string> heard;
  stream_server server{[&](server_peer& peer) {
    heard.set_value(peer.read(5));
    peer.write("-ERR unknown command\r\n");
  }};
  auto why = refusal(at(server.port()), context_of());
  INFO(to_string(why));
  CHECK(why.code == errc::open_failed);
  CHECK_THAT(why.message, ContainsSubstring("may not speak TLS"));
  // The head of a record of TLS.
  CHECK_THAT(heard.get_future().get(), StartsWith("\x16\x03"));
}

TEST_CASE("a server that hangs up in the handshake may not speak TLS",
          "[net][X01]") {
  stream_server server{[](server_peer& peer) {
    if (peer.read(1).size() == 1)
      peer.reset_at_end();
  }};
  auto why = refusal(at(server.port()), context_of());
  CHECK(why.code == errc::open_failed);
  CHECK_THAT(why.message, ContainsSubstring("may not speak TLS"));
}

TEST_CASE("versions before TLS 1.2 are not spoken", "[net][X01]") {
  stream_server server{echo, {.tls = true, .version = TLS1_1_VERSION}};
  auto why = refusal(at(server.port()), context_of());
  INFO(to_string(why));
  CHECK(why.code == errc::open_refused);
  CHECK_THAT(why.message, ContainsSubstring("TLS 1.2"));
}

TEST_CASE("who speaks in the open to a server with TLS is turned away",
          "[net]") {
  stream_server server{echo, {.tls = true}};
  auto stream = open_one(at(server.port()));
  CHECK(write(*stream, "PING\r\n"));
  auto outcome = stream_wait::done;
  while (outcome == stream_wait::done)
    outcome = wait_on(*stream, soon());
  CHECK(outcome != stream_wait::late);
}

TEST_CASE("a second stream goes on from the session of the first", "[net]") {
  auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  auto context = context_of();
  stream_server server{echo, {.tls = true, .version = version}};
  auto where = at(server.port());
  for (auto round : {1, 2, 3}) {
    auto stream = open_one(where, context);
    CHECK(stream->resumed() == (round > 1));
    CHECK(talks(*stream));
    // In the middle, as a program does that dies.
    if (round != 2)
      stream->close(soon());
  }
  // The same address by another name is another server.
  CHECK(!open_one(at(where.port, "localhost"), context)->resumed());
  CHECK(!open_one(where, context_of())->resumed());
}

TEST_CASE("a server that has forgotten its sessions is no trouble", "[net]") {
  auto context = context_of();
  std::uint16_t port = 0;
  for (auto round : {1, 2}) {
    CAPTURE(round);
    stream_server server{echo, {.port = port, .tls = true}};
    port = server.port();
    auto stream = open_one(at(port), context);
    CHECK(!stream->resumed());
    CHECK(talks(*stream));
    CHECK(open_one(at(port), context)->resumed());
  }
}

TEST_CASE("what servers say of sessions does not end the quiet", "[net]") {
  stream_server server{answer, {.tls = true, .version = TLS1_3_VERSION}};
  auto context = context_of();
  auto stream = open_one(at(server.port()), context);
  // Only who has read that can go on from there.
  CHECK(eventually([&] {
    CHECK(stream->quiet());
    return open_one(at(server.port()), context)->resumed();
  }));
  CHECK(write(*stream, "?"));
  CHECK(eventually([&] { return !stream->quiet(); }));
  CHECK(read(*stream, 1) == "!");
  CHECK(stream->quiet());
}

TEST_CASE("what was decrypted but not read is input", "[net]") {
  stream_server server{[](server_peer& peer) {
                         peer.read(1);
                         peer.write("first");
                         peer.write("second");
                         peer.read(1);
                       },
                       {.tls = true}};
  auto stream = open_one(at(server.port()), context_of());
  CHECK(write(*stream, "?"));
  CHECK(read(*stream, 2) == "fi");
  CHECK(!stream->quiet());
  CHECK(read(*stream, 3) == "rst");
  CHECK(eventually([&] { return !stream->quiet(); }));
  std::array<char, 16> room;
  std::size_t count = 0;
  CHECK(stream->read_now(room, count) == stream_wait::done);
  CHECK(std::string_view{room.data(), count} == "second");
  CHECK(stream->quiet());
  CHECK(stream->read_now(room, count) == stream_wait::done);
  CHECK(count == 0);
}

TEST_CASE("a record that comes in pieces is waited for until the deadline",
          "[net][T08]") {
  stream_server server{[](server_peer& peer) {
                         peer.read(1);
                         peer.write_bytewise("hello", 3);
                         peer.read(1);
                         peer.write_rest();
                         peer.read(1);
                       },
                       {.tls = true}};
  auto stream = open_one(at(server.port()), context_of());
  CHECK(write(*stream, "?"));
  for (auto limit : {10ms, 60ms}) {
    auto outcome = stream_wait::done;
    auto took = time_of([&] { outcome = wait_on(*stream, soon(limit)); });
    CHECK(outcome == stream_wait::late);
    CHECK(took >= limit);
    CHECK(took < no_hang);
  }
  // Half a record is on its way.
  CHECK(!stream->quiet());
  CHECK(write(*stream, "?"));
  CHECK(read(*stream, 5) == "hello");
  CHECK(stream->quiet());
}

TEST_CASE("deadlines hold for TLS as well", "[net][T06]") {
  std::promise<void> listening;
  stream_server server{
    [&, listens = listening.get_future().share()](server_peer& peer) {
      listens.wait();
      peer.read(1);
    },
    {.buffers = 16'384, .tls = true}};
  auto stream = open_one(at(server.port()), context_of());
  CHECK(stream->write("x", soon(-1s)) == stream_wait::late);
  CHECK(wait_on(*stream, soon(-1s)) == stream_wait::late);
  SECTION("a write that is late") {
    const std::string text(32'000'000, 'x');
    CHECK(stream->write(text, soon(50ms)) == stream_wait::late);
    CHECK(stream->write("x", soon()) == stream_wait::failed);
    stream->close(soon());
  }
  SECTION("a read that is aborted") {
    auto outcome
      = std::async(std::launch::async, [&] { return wait_on(*stream, never); });
    stream->abort();
    REQUIRE(outcome.wait_for(patience) == std::future_status::ready);
    CHECK(outcome.get() == stream_wait::failed);
    CHECK_THAT(stream->reason(), ContainsSubstring("aborted"));
  }
  listening.set_value();
}

TEST_CASE("an end of TLS is told from a connection that breaks", "[net]") {
  stream_server server{[](server_peer& peer) {
                         auto what = peer.read(1);
                         peer.write("bye");
                         if (what == "e")
                           peer.say_end();
                         if (what == "r")
                           peer.reset_at_end();
                       },
                       {.tls = true}};
  auto end_of = [&](std::string_view what) {
    auto stream = open_one(at(server.port()), context_of());
    CHECK(write(*stream, what));
    if (what != "r")
      CHECK(read(*stream, 3) == "bye");
    CHECK(eventually([&] { return !stream->quiet(); }));
    auto outcome = stream_wait::done;
    while (outcome == stream_wait::done)
      outcome = wait_on(*stream, soon());
    CHECK(!stream->quiet());
    // SIGPIPE would end the program.
    CHECK(eventually([&] { return !write(*stream, "x"); }));
    return std::pair{outcome, stream->truncated()};
  };
  CHECK(end_of("e") == std::pair{stream_wait::closed, false});
  CHECK(end_of("x") == std::pair{stream_wait::closed, true});
  CHECK(end_of("r").first == stream_wait::failed);
}

TEST_CASE("who closes a stream says so to the peer", "[net]") {
  std::promise<bool> heard;
  stream_server server{[&](server_peer& peer) {
                         peer.read(2);
                         heard.set_value(peer.heard_end());
                       },
                       {.tls = true}};
  auto stream = open_one(at(server.port()), context_of());
  CHECK(write(*stream, "x"));
  stream->close(soon());
  CHECK(heard.get_future().get());
}
