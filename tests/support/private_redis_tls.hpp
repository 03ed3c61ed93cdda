#pragma once

#include <filesystem>

namespace caf_pool::test {

/// Certificates for a private Redis server and its clients, signed by one
/// authority for all servers of the test program.
struct redis_tls_files {
  std::filesystem::path ca;
  /// Signed nothing here.
  std::filesystem::path other_ca;
  /// Names "localhost", as its subject and as an alternative name.
  std::filesystem::path server;
  std::filesystem::path server_key;
  /// As `server`, with the same key, but past its time. A running server takes
  /// it by CONFIG SET tls-cert-file.
  std::filesystem::path expired;
  /// For servers that ask for one (`tls_auth_clients`).
  std::filesystem::path client;
  std::filesystem::path client_key;
};

/// Writes the files into a folder. The first call makes them, by the program
/// openssl. Throws `std::runtime_error` with what that says.
///
/// Thread-safety: any thread.
redis_tls_files write_redis_tls_files(const std::filesystem::path& folder);

} // namespace caf_pool::test
