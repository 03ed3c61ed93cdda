#pragma once

#include "support/frozen.hpp"
#include "support/private_redis_client.hpp"
#include "support/private_redis_tls.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace caf_pool::test {

struct private_redis_options {
  /// Clients at a time.
  std::uint32_t max_clients = 1000;
  /// Listens with TLS on a port of its own, too; see `private_redis::tls`.
  bool tls = false;
  /// TLS clients must show a certificate that `ca` signed.
  bool tls_auth_clients = false;
  /// The password of the user "default", which has none if this is empty.
  std::string password = {};
  /// In bytes; 0 is no limit.
  std::uint64_t max_memory = 0;
  /// More lines of configuration, e.g. "maxmemory-policy allkeys-lru". They
  /// come last, so that they replace what is said above.
  std::vector<std::string> settings = {};
  /// Is no server of data but a sentinel; `settings` say what it watches.
  bool sentinel = false;
};

/// A Redis (or Valkey) server that belongs to the test program: own folder, own
/// unix socket, own loopback port. It is gone when the program is, however that
/// ends. Needs no client library.
///
/// ~~~
/// auto& server = private_redis::shared();
/// config.options = {{"host", "127.0.0.1"},
///                   {"port", std::to_string(server.port())}};
/// server.query({"CONFIG", "SET", "maxmemory", "1mb"});
/// ~~~
///
/// Its data is in memory only and gone with a stop or a kill, unless `settings`
/// say otherwise ("appendonly yes"). DEBUG is allowed.
///
/// Thread-safety: one thread at a time, but for `call` and `query`.
class private_redis {
public:
  /// Tells whether a server program is installed.
  static bool available();

  /// The server's program: redis-server or, if only that is installed,
  /// valkey-server. Throws `std::runtime_error` if there is none.
  static std::string program();

  /// The program for its command line, of the same kind.
  static std::string cli_program();

  /// The words that log redis-cli in as the user of `query`.
  static std::vector<std::string> cli_login();

  /// The server that all tests of a program share; started by the first call.
  /// A test that stops, freezes or configures it must leave it as it was.
  static private_redis& shared();

  /// Makes and starts a server of its own, in some milliseconds; a server with
  /// TLS needs more. Throws `std::runtime_error` with the server's log.
  explicit private_redis(private_redis_options options = {});

  ~private_redis();

  // -- where ------------------------------------------------------------------

  /// Listens on 127.0.0.1. The port stays the same over restarts.
  std::uint16_t port() const noexcept;

  std::string socket_path() const;

  /// Listens on 127.0.0.1 as well; 0 without `options.tls`.
  std::uint16_t tls_port() const noexcept;

  /// Requires `options.tls`.
  const redis_tls_files& tls() const;

  /// What the server wrote to its log.
  std::string log() const;

  // -- what it goes through ---------------------------------------------------

  /// Returns when the server answers, be it that it is still loading.
  void start();

  /// Ends all connections, shuts down as SIGTERM does and waits for the end.
  void stop();

  /// Kills all processes of the server at once, as a power cut does.
  void kill9();

  /// `stop`, then `start` with the same configuration and ports.
  void restart();

  /// Stops all its processes where they are: sockets stay open, nobody answers.
  /// `frozen` does so for a scope.
  void freeze();
  void thaw();

  bool running() const;

  /// Runs and is not frozen.
  bool answering() const;

  // -- inside -----------------------------------------------------------------

  /// Runs a command as a user of the fixture's own, who may do everything
  /// whatever becomes of the user "default", on a connection for this command.
  /// Waits a minute for an answer. Throws `std::runtime_error` with the
  /// server's error.
  redis_reply call(const std::vector<std::string>& command) const;

  /// As `call`; returns the reply as text (see `to_string`).
  std::string query(const std::vector<std::string>& command) const;

  /// Returns the fields of CLIENT LIST for each client but those of `query`.
  std::vector<std::map<std::string, std::string>> client_list() const;

  /// Holds connections until the server refuses one ("max number of clients"),
  /// as long as the returned object lives. `query` goes on: it borrows one of
  /// them. Fails after `limit` connections.
  std::shared_ptr<void> exhaust_connections(std::size_t limit = 2000) const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace caf_pool::test
