#pragma once

#include "support/frozen.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool::test {

struct private_postgres_options {
  std::uint32_t max_connections = 200;
  /// Listens with TLS, too; see `private_postgres::tls`.
  bool tls = false;
  /// More lines for postgresql.conf, e.g. "log_statement = all".
  std::vector<std::string> settings;
};

/// Files of a certificate authority that was made for one server, and a second
/// one that signed nothing here.
struct tls_files {
  std::filesystem::path ca;
  std::filesystem::path other_ca;
};

/// A PostgreSQL server that belongs to the test program: own data, own unix
/// socket, own loopback port. It is gone when the program is, however that
/// ends. Needs no driver.
///
/// ~~~
/// auto& server = private_postgres::shared();
/// config.options = {{"host", server.socket_dir()},
///                   {"port", std::to_string(server.port())},
///                   {"user", "app"}, {"database", "app"}};
/// ~~~
///
/// There is a database "app" that belongs to the role "app" (no password), and
/// a role "guarded" that needs `guarded_password` over TCP (SCRAM).
///
/// Thread-safety: one thread at a time, but for `query`.
class private_postgres {
public:
  static constexpr std::string_view guarded_password = "S3cr3tCanary_%";

  /// The server that all tests of a program share; started by the first call.
  /// A test that stops or freezes it must leave it running.
  static private_postgres& shared();

  /// Makes and starts a server of its own, in a second or two.
  explicit private_postgres(private_postgres_options options = {});

  ~private_postgres();

  // -- where ------------------------------------------------------------------

  /// The directory of the unix socket: the host in connection settings.
  std::string socket_dir() const;

  /// The port, for the unix socket and for 127.0.0.1 alike.
  std::uint16_t port() const noexcept;

  /// Returns the connection string of libpq for the unix socket.
  std::string conninfo(std::string_view user = "app",
                       std::string_view database = "app") const;

  /// Requires `options.tls`. The server's certificate names "localhost".
  tls_files tls() const;

  /// What the server wrote to its log.
  std::string log() const;

  // -- what it goes through ---------------------------------------------------

  void start();

  /// Ends all connections, shuts down and waits for the end.
  void stop();

  /// Kills all processes of the server at once, as a power cut does.
  void kill9();

  /// `stop`, then `start` on the same data and port.
  void restart();

  /// Stops all its processes where they are: sockets stay open, nobody answers.
  void freeze();
  void thaw();

  bool running() const;

  // -- inside -----------------------------------------------------------------

  /// Runs SQL as superuser and returns the rows, one a line, columns separated
  /// by '|'. Throws `std::runtime_error` with the server's text.
  std::string query(std::string_view sql,
                    std::string_view database = "app") const;

  /// Ends the sessions of "app" and "guarded" that match, e.g. "state =
  /// 'idle'", and waits until they are gone; returns how many.
  std::size_t terminate_backends(std::string_view where = "true") const;

  /// Holds connections until the server refuses one ("too many clients"), as
  /// long as the returned object lives. Fails after `limit` connections.
  std::shared_ptr<void> exhaust_connections(std::size_t limit = 1000) const;

  /// Replaces the rules of pg_hba.conf for TCP, e.g. "host all all 127.0.0.1/32
  /// reject", and loads them.
  void set_tcp_rules(const std::vector<std::string>& rules);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace caf_pool::test
