#include "net/net_support.hpp"
#include "net/stream_server.hpp"

#include <array>
#include <cstdlib>
#include <span>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

std::size_t bytes_each_way() {
  return std::getenv("CAF_POOL_SANITIZED") != nullptr ? 10'000'000
                                                      : 100'000'000;
}

/// Bytes such that a lost or a doubled one shows.
const std::string& pattern() {
  static const auto text = [] {
    std::string result(bytes_each_way(), '\0');
    std::uint32_t x = 1;
    for (auto& c : result) {
      x = x * 1'664'525 + 1'013'904'223;
      c = static_cast<char>(x >> 24);
    }
    return result;
  }();
  return text;
}

/// Sends all in one message to a server that sends everything back, and reads
/// what comes meanwhile and after that.
void send_around(deadline_stream& stream) {
  auto& text = pattern();
  std::string back(text.size(), '\0');
  std::size_t received = 0;
  auto outcome = stream.write(text, soon(), [&] {
    std::size_t count = 0;
    auto room = std::span{back}.subspan(received);
    auto result = stream.read_now(room, count);
    received += count;
    return result;
  });
  CHECK(outcome == stream_wait::done);
  // A server that waits for its answers to be read would have taken no more.
  CHECK(received > 0);
  while (received < back.size()) {
    std::size_t count = 0;
    auto room = std::span{back}.subspan(received);
    if (stream.read(room, count, soon()) != stream_wait::done)
      break;
    received += count;
  }
  CHECK(received == text.size());
  CHECK((back == text));
  CHECK(stream.quiet());
}

} // namespace

TEST_CASE("both sides send more than all buffers hold", "[net][T20]") {
  stream_server server{echo, {.buffers = 65'536}};
  send_around(*open_one(at(server.port())));
}

TEST_CASE("both sides send more than all buffers hold by TLS", "[net][T20]") {
  stream_server server{echo, {.buffers = 16'384, .tls = true}};
  auto context = tls_context::make({.ca_file = tls_files::shared().ca}).value();
  send_around(*open_one(at(server.port()), context));
}

TEST_CASE("what reads beside a write may end it", "[net]") {
  stream_server server{echo, {.buffers = 16'384}};
  auto stream = open_one(at(server.port()));
  auto outcome
    = stream->write(pattern(), soon(), [] { return stream_wait::failed; });
  CHECK(outcome == stream_wait::failed);
  CHECK(stream->write("x", soon()) == stream_wait::failed);
}
