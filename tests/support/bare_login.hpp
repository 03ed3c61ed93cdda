#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace caf_pool::test {

/// A login at a PostgreSQL server that trusts its unix socket, spoken by hand:
/// occupies a connection without a driver and without a statement.
class bare_login {
public:
  bare_login(const std::string& socket_dir, std::uint16_t port,
             std::string_view user, std::string_view database);

  bare_login(bare_login&& other) noexcept;

  bare_login(const bare_login&) = delete;
  bare_login& operator=(const bare_login&) = delete;

  ~bare_login();

  /// Tells whether the server said that it is ready for statements.
  bool accepted() const noexcept {
    return accepted_;
  }

private:
  bool read_exactly(char* data, std::size_t size);

  int fd_ = -1;
  bool accepted_ = false;
};

} // namespace caf_pool::test
