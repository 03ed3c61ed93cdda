#pragma once

#include "support/eventually.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace caf_pool::test {

/// An answer as it came over the wire.
struct http_reply {
  int status = 0;
  /// Names in lower case.
  std::map<std::string, std::string> headers;
  std::string body;
};

/// A TCP connection to 127.0.0.1 that sends what it is told to, be it HTTP or
/// not. All waiting has a limit.
class http_client {
public:
  explicit http_client(std::uint16_t port);

  http_client(http_client&&) noexcept;
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  ~http_client();

  /// Makes the socket without connecting it: for a process that has no file
  /// descriptors left later.
  static http_client unconnected();

  void connect(std::uint16_t port);

  /// Returns false if the server has closed the connection.
  bool send(std::string_view bytes);

  /// No more bytes will come from here.
  void finish();

  /// Reads one answer; nothing if the server closes or the limit passes before.
  /// `head` tells that the answer has no body whatever its length says.
  std::optional<http_reply> read(bool head = false,
                                 std::chrono::nanoseconds limit = patience);

  /// Tells whether the server closes the connection within the limit.
  bool closed(std::chrono::nanoseconds limit = patience);

private:
  explicit http_client(int fd) : fd_(fd) {
    // nop
  }

  // Waits for bytes; false at the end or at the deadline.
  bool fill(std::chrono::steady_clock::time_point deadline);

  int fd_ = -1;
  std::string buffer_;
};

/// Sends one request on a connection of its own and returns the answer, with
/// status 0 if there is none.
http_reply fetch(std::uint16_t port, std::string_view target,
                 std::string_view method = "GET",
                 std::string_view headers = {});

/// A whole request as a tool on this machine sends it.
std::string request_text(std::string_view target,
                         std::string_view method = "GET",
                         std::string_view headers = {});

} // namespace caf_pool::test
