#pragma once

#include "net/tls_files.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace caf_pool::test {

/// How a server takes its connections.
struct server_options {
  /// A unix socket; empty for TCP.
  std::string path = {};
  /// A port of 127.0.0.1; 0 for a free one.
  std::uint16_t port = 0;
  /// Buffers of the sockets in bytes; 0 for the system's.
  int buffers = 0;
  bool tls = false;
  tls_files::pair cert = tls_files::shared().server;
  /// The authority of the certificates that clients must show; empty for none.
  std::string client_ca = {};
  /// The only version; 0 for all.
  int version = 0;
};

/// The server's side of one connection. Calls return early when the connection
/// or the server ends.
///
/// Thread-safety: the thread of its script.
class server_peer {
public:
  virtual ~server_peer();

  /// Reads so many bytes, or less if the client ends.
  virtual std::string read(std::size_t size) = 0;

  /// Reads what comes next, at most so many bytes; nothing at the end.
  virtual std::string take(std::size_t most) = 0;

  virtual bool write(std::string_view bytes) = 0;

  /// Sends as a network does that carries single bytes, the last `kept` bytes
  /// not before the next call of `write_rest`.
  virtual void write_bytewise(std::string_view bytes, std::size_t kept = 0) = 0;
  virtual void write_rest() = 0;

  /// Makes the end a reset.
  virtual void reset_at_end() = 0;

  /// Says that this is the end as TLS has it.
  virtual void say_end() = 0;

  /// The client said that this is the end as TLS has it.
  virtual bool heard_end() = 0;
};

/// Sends everything back until the client ends.
void echo(server_peer& peer);

/// A server that runs a script for each connection, in a thread of its own.
class stream_server {
public:
  using script = std::function<void(server_peer&)>;

  explicit stream_server(script what, server_options how = {});
  stream_server(const stream_server&) = delete;
  stream_server& operator=(const stream_server&) = delete;

  /// Ends all connections.
  ~stream_server();

  std::uint16_t port() const noexcept;

  /// Counts the connections that were taken.
  std::size_t connects() const noexcept;

private:
  class engine;
  std::unique_ptr<engine> engine_;
};

} // namespace caf_pool::test
