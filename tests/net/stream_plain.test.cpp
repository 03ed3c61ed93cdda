#include "net/net_support.hpp"
#include "net/stream_server.hpp"

#include <unistd.h>

#include <array>
#include <fstream>
#include <functional>
#include <future>
#include <string>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

/// Reads nothing until the client has sent all that the buffers take.
struct deaf_server {
  std::promise<void> listening;
  std::shared_future<void> listens = listening.get_future().share();
  stream_server server{[this](server_peer& peer) {
                         listens.wait();
                         while (!peer.take(65'536).empty()) {
                           // nop
                         }
                       },
                       {.buffers = 16'384}};

  ~deaf_server() {
    listening.set_value();
  }
};

/// Tells whether a thread of this program waits for something.
bool waits(pid_t thread) {
  std::ifstream in{"/proc/self/task/" + std::to_string(thread) + "/stat"};
  std::string text;
  std::getline(in, text);
  auto name_end = text.rfind(')');
  return name_end != std::string::npos && text.size() > name_end + 2
         && text[name_end + 2] == 'S';
}

const std::string& large() {
  static const std::string text(32'000'000, 'x');
  return text;
}

} // namespace

TEST_CASE("bytes arrive one by one as in one piece", "[net]") {
  stream_server server{[](server_peer& peer) {
    auto text = peer.read(11);
    peer.write_bytewise(text);
    peer.read(1);
  }};
  auto stream = open_one(at(server.port()));
  for (char x : std::string_view{"hello world"})
    CHECK(write(*stream, {&x, 1}));
  CHECK(read(*stream, 11) == "hello world");
}

TEST_CASE("a read ends at its deadline and leaves the stream as it was",
          "[net][T08]") {
  stream_server server{[](server_peer& peer) {
    while (!peer.read(1).empty())
      peer.write("!");
  }};
  auto stream = open_one(at(server.port()));
  // Below and above what the kernel's own limit is good for; the short one
  // after a long one, and the other way round.
  for (auto limit : {5ms, 70ms, 25ms, 150ms, 1ms}) {
    auto outcome = stream_wait::done;
    auto took = time_of([&] { outcome = wait_on(*stream, soon(limit)); });
    CHECK(outcome == stream_wait::late);
    CHECK(took >= limit);
    CHECK(took < no_hang);
    CHECK(write(*stream, "?"));
    CHECK(read(*stream, 1) == "!");
  }
}

TEST_CASE("a read without a deadline waits longer than an earlier one did",
          "[net]") {
  stream_server server{[](server_peer& peer) { peer.read(1); }};
  auto stream = open_one(at(server.port()));
  CHECK(wait_on(*stream, soon(30ms)) == stream_wait::late);
  auto outcome
    = std::async(std::launch::async, [&] { return wait_on(*stream, never); });
  // The socket's own limit of some milliseconds passes several times.
  CHECK(outcome.wait_for(100ms) == std::future_status::timeout);
  stream->abort();
  CHECK(outcome.get() == stream_wait::failed);
}

TEST_CASE("a deadline that has passed sends and reads nothing", "[net][T06]") {
  stream_server server{[](server_peer& peer) { peer.write(peer.read(1)); }};
  auto stream = open_one(at(server.port()));
  CHECK(stream->write("a", soon(-1s)) == stream_wait::late);
  CHECK(write(*stream, "b"));
  CHECK(eventually([&] { return !stream->quiet(); }));
  CHECK(wait_on(*stream, soon(-1s)) == stream_wait::late);
  CHECK(read(*stream, 1) == "b");
}

TEST_CASE("a write ends at its deadline and is not gone on with",
          "[net][T08]") {
  deaf_server deaf;
  auto stream = open_one(at(deaf.server.port()));
  auto& text = large();
  auto outcome = stream_wait::done;
  auto took = time_of([&] { outcome = stream->write(text, soon(100ms)); });
  CHECK(outcome == stream_wait::late);
  CHECK(took >= 100ms);
  CHECK(took < no_hang);
  CHECK(stream->write("x", soon()) == stream_wait::failed);
  CHECK_THAT(stream->reason(), ContainsSubstring("cut off"));
  CHECK(!stream->quiet());
}

TEST_CASE("an abort ends every call that waits", "[net][T08]") {
  deaf_server deaf;
  auto stream = open_one(at(deaf.server.port()));
  std::function<stream_wait()> call;
  SECTION("a read for ever") {
    call = [&] { return wait_on(*stream, never); };
  }
  SECTION("a read for long") {
    call = [&] { return wait_on(*stream, soon()); };
  }
  SECTION("a read of the last milliseconds") {
    call = [&] {
      auto outcome = stream_wait::late;
      while (outcome == stream_wait::late)
        outcome = wait_on(*stream, soon(15ms));
      return outcome;
    };
  }
  SECTION("a write") {
    call = [&] { return stream->write(large(), never); };
  }
  SECTION("a write beside which it reads") {
    call = [&] {
      return stream->write(large(), never, [&] {
        char byte = 0;
        std::size_t count = 0;
        return stream->read_now({&byte, 1}, count);
      });
    };
  }
  large();
  std::promise<pid_t> begun;
  auto outcome = std::async(std::launch::async, [&] {
    begun.set_value(::gettid());
    return call();
  });
  auto thread = begun.get_future().get();
  CHECK(eventually([&] { return waits(thread); }));
  stream->abort();
  REQUIRE(outcome.wait_for(patience) == std::future_status::ready);
  CHECK(outcome.get() == stream_wait::failed);
  CHECK_THAT(stream->reason(), ContainsSubstring("aborted"));
  CHECK(wait_on(*stream, soon()) == stream_wait::failed);
  CHECK(stream->write("x", soon()) == stream_wait::failed);
  CHECK(!stream->quiet());
}

TEST_CASE("what a peer sent before its end is read", "[net]") {
  stream_server server{[](server_peer& peer) { peer.write("bye"); }};
  auto stream = open_one(at(server.port()));
  CHECK(read(*stream, 10) == "bye");
  CHECK(wait_on(*stream, soon()) == stream_wait::closed);
  CHECK(!stream->truncated());
  std::size_t count = 0;
  char byte = 0;
  CHECK(stream->read_now({&byte, 1}, count) == stream_wait::closed);
}

TEST_CASE("who writes to a peer that is gone is told, and not ended", "[net]") {
  stream_server server{[](server_peer& peer) {
    if (peer.read(1) == "r")
      peer.reset_at_end();
  }};
  for (std::string kind : {"r", "e"}) {
    auto stream = open_one(at(server.port()));
    CHECK(write(*stream, kind));
    CHECK(eventually([&] { return !stream->quiet(); }));
    // SIGPIPE would end the program.
    CHECK(eventually([&] { return !write(*stream, "x"); }));
    CHECK(stream->reason() != "");
  }
}

TEST_CASE("a reset is a failure with a reason", "[net]") {
  stream_server server{[](server_peer& peer) {
    peer.read(1);
    peer.reset_at_end();
  }};
  auto stream = open_one(at(server.port()));
  CHECK(write(*stream, "x"));
  CHECK(wait_on(*stream, soon()) == stream_wait::failed);
  CHECK(stream->reason() == "Connection reset by peer");
}

TEST_CASE("an idle stream is quiet until something comes", "[net]") {
  stream_server server{[&](server_peer& peer) {
    if (peer.read(1) == "?")
      peer.write("!");
    peer.read(1);
  }};
  auto stream = open_one(at(server.port()));
  std::array<char, 8> room;
  std::size_t count = 1;
  CHECK(stream->quiet());
  CHECK(stream->read_now(room, count) == stream_wait::done);
  CHECK(count == 0);
  CHECK(write(*stream, "?"));
  CHECK(eventually([&] { return !stream->quiet(); }));
  CHECK(stream->read_now(room, count) == stream_wait::done);
  CHECK(count == 1);
  CHECK(stream->quiet());
  CHECK(write(*stream, "."));
  CHECK(eventually([&] { return !stream->quiet(); }));
  CHECK(wait_on(*stream, soon()) == stream_wait::closed);
}

TEST_CASE("an end is told to the peer, and later calls know it", "[net]") {
  std::promise<bool> ended;
  stream_server server{
    [&](server_peer& peer) { ended.set_value(peer.read(1).empty()); }};
  auto stream = open_one(at(server.port()));
  stream->close(soon());
  CHECK(ended.get_future().get());
  CHECK(!stream->quiet());
  CHECK(stream->write("x", soon()) == stream_wait::failed);
}
