#pragma once

#include "support/private_postgres.hpp"
#include "support/process.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace caf_pool::test {

/// A PgBouncer of the test program's own in front of a private server: gone
/// when the object is.
///
/// Thread-safety: one thread at a time.
class private_pgbouncer {
public:
  /// Tells whether the program is installed.
  static bool available();

  /// `mode` is "session" or "transaction"; at most `sessions` of the server are
  /// used. `more` are further lines for its configuration.
  private_pgbouncer(const private_postgres& server, const std::string& mode,
                    int sessions = 4, const std::string& more = {});

  ~private_pgbouncer();

  /// Listens on 127.0.0.1.
  std::uint16_t port() const noexcept {
    return port_;
  }

private:
  std::filesystem::path folder_;
  std::uint16_t port_;
  std::unique_ptr<process> process_;
};

} // namespace caf_pool::test
