#pragma once

#include <filesystem>
#include <string>

namespace caf_pool::test {

/// Certificates and keys in a folder that ends with the object.
class tls_files {
public:
  /// A certificate with its key, both in PEM.
  struct pair {
    std::string cert;
    std::string key;
  };

  tls_files();
  tls_files(const tls_files&) = delete;
  tls_files& operator=(const tls_files&) = delete;
  ~tls_files();

  /// The same for all tests of the program.
  static const tls_files& shared();

  /// The authority that issued all others, and one that issued none.
  std::string ca;
  std::string other_ca;
  /// For "localhost", 127.0.0.1 and ::1.
  pair server;
  /// For "db.example" alone.
  pair named;
  pair expired;
  pair client;
  /// A client's of the other authority.
  pair stranger;
  /// The client's key, behind a passphrase.
  std::string locked_key;
  /// A file that holds no certificate.
  std::string no_cert;

private:
  std::filesystem::path folder_;
};

} // namespace caf_pool::test
