#pragma once

#include <libpq-fe.h>

#include <cstdint>

namespace caf_pool {

/// Has libpq read a statement's replies piece by piece. By itself it makes room
/// for as much as a message says that it has, and takes all that comes before
/// it returns: a row that nobody wants would be in memory before anybody could
/// count. So we read a piece from the socket and put another socket, which has
/// nothing but that piece, under libpq's descriptor for a moment. TLS does not
/// matter, for libpq decrypts what it reads.
///
/// Thread-safety: none. Others may use duplicates of the descriptor meanwhile.
class pg_intake {
public:
  pg_intake() = default;

  pg_intake(const pg_intake&) = delete;
  pg_intake& operator=(const pg_intake&) = delete;

  ~pg_intake();

  /// Begins to count anew; a message may have `most` bytes, and a piece more.
  void expect(std::uint64_t most) noexcept {
    most_ = most;
    received_ = 0;
  }

  /// Begins to count anew with the same limit.
  void start_over() noexcept {
    received_ = 0;
  }

  bool is_full() const noexcept {
    return received_ > most_;
  }

  /// Does what `PQconsumeInput` does, for a piece. The first one is not counted
  /// and goes around the intake: it is no larger than libpq's buffer, and all
  /// there is of most results. Requires that nothing is left to send.
  bool read(PGconn* raw) noexcept;

private:
  bool open(int fd) noexcept;
  bool pass_on(PGconn* raw, int fd) noexcept;

  std::uint64_t most_ = 0;
  std::uint64_t received_ = 0;
  bool first_ = true;
  // The server's, our end of the other one, and libpq's end of that.
  int server_ = -1;
  int in_ = -1;
  int out_ = -1;
};

} // namespace caf_pool
