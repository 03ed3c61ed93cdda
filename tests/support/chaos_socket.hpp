#pragma once

#include <cstdint>
#include <utility>

namespace caf_pool::test {

/// A descriptor that closes itself, and what the chaos proxy does with sockets
/// of 127.0.0.1.
class chaos_socket {
public:
  chaos_socket() = default;

  explicit chaos_socket(int fd) : fd_(fd) {
    // nop
  }

  chaos_socket(chaos_socket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {
    // nop
  }

  chaos_socket& operator=(chaos_socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    other.close();
    return *this;
  }

  ~chaos_socket() {
    close();
  }

  /// Listens on a port, 0 for a free one. Throws `std::system_error`.
  static chaos_socket listen(std::uint16_t port, int backlog);

  /// Connects; invalid if nobody listens.
  static chaos_socket connect(std::uint16_t port);

  /// Sends the first packet of a connection and does not wait.
  static chaos_socket start_connecting(std::uint16_t port);

  /// Takes a connection; invalid if nobody waits for that.
  chaos_socket accept() const;

  /// Makes the end a reset instead of an orderly one.
  void reset_on_close() noexcept;

  std::uint16_t port() const;

  int fd() const noexcept {
    return fd_;
  }

  bool valid() const noexcept {
    return fd_ >= 0;
  }

private:
  void close() noexcept;

  int fd_ = -1;
};

} // namespace caf_pool::test
