#pragma once

#include "caf_pool/core/time.hpp"
#include "caf_pool/net/stream/deadline_stream.hpp"
#include "caf_pool/net/stream/tls_context.hpp"

#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/time_of.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace caf_pool::test {

using namespace std::chrono_literals;

inline time_point soon(duration x = patience) {
  return clock::now() + x;
}

using stream_ptr = std::unique_ptr<deadline_stream>;

/// Where a server of the tests is.
inline stream_options at(std::uint16_t port, std::string host = "127.0.0.1") {
  stream_options result;
  result.host = std::move(host);
  result.port = port;
  return result;
}

/// Opens a stream that must open.
inline stream_ptr open_one(const stream_options& options,
                           const std::shared_ptr<tls_context>& context
                           = nullptr) {
  auto stream = deadline_stream::open(options, context, soon());
  if (!stream)
    FAIL(to_string(stream.error()));
  return *std::move(stream);
}

/// Returns why a stream does not open.
inline error refusal(const stream_options& options,
                     const std::shared_ptr<tls_context>& context = nullptr,
                     duration limit = patience) {
  auto stream = deadline_stream::open(options, context, soon(limit));
  REQUIRE_FALSE(stream);
  INFO(to_string(stream.error()));
  return stream.error();
}

/// Reads so many bytes, or less if that does not go on.
inline std::string read(deadline_stream& stream, std::size_t size) {
  std::string result(size, '\0');
  std::size_t count = 0;
  while (count < size) {
    std::size_t n = 0;
    auto room = std::span{result}.subspan(count);
    if (stream.read(room, n, soon()) != stream_wait::done)
      break;
    CHECK(n > 0);
    count += n;
  }
  result.resize(count);
  return result;
}

/// Reads for so long, and returns how that ended.
inline stream_wait wait_on(deadline_stream& stream, time_point deadline) {
  char byte = 0;
  std::size_t count = 0;
  return stream.read({&byte, 1}, count, deadline);
}

inline bool write(deadline_stream& stream, std::string_view text) {
  return stream.write(text, soon()) == stream_wait::done;
}

} // namespace caf_pool::test
