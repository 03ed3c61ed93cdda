#pragma once

#include <cstdint>
#include <string>

namespace caf_pool {

/// How a server is spoken to in secret. Files are in PEM form.
struct tls_settings {
  /// The authorities that may vouch for the server; empty for the system's.
  std::string ca_file = {};
  /// This client's certificate, with those of its issuers behind it; empty for
  /// none.
  std::string cert_file = {};
  /// The key of `cert_file`; empty if that file holds it, too.
  std::string key_file = {};
  /// The name or address that the server's certificate must have, and that the
  /// server is asked for; empty for the host.
  std::string server_name = {};
  /// Whether the server must prove who it is.
  bool verify = true;

  friend bool operator==(const tls_settings&, const tls_settings&) = default;
};

/// Where a stream leads.
struct stream_options {
  /// A name, or an address.
  std::string host = {};
  std::uint16_t port = 0;
  /// A unix socket instead of host and port; empty for none.
  std::string path = {};
  /// Whether a peer that vanished is noticed: by TCP keep-alive after 10 s of
  /// silence, with 3 questions 5 s apart, and by what is sent and not confirmed
  /// within 10 s.
  bool keep_alive = true;

  friend bool operator==(const stream_options&, const stream_options&)
    = default;
};

/// Says where a stream leads: "127.0.0.1:6379", "unix /run/redis.sock", "tls
/// db.example:6380".
std::string describe(const stream_options& options, bool tls);

} // namespace caf_pool
