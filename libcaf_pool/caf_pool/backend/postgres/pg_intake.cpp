#include "caf_pool/backend/postgres/pg_intake.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace caf_pool {

namespace {

// Fits in a socket's queue as it is by default.
constexpr std::size_t read_at_once = 65536;

std::uint64_t pending_bytes(int fd) noexcept {
  int n = 0;
  return ::ioctl(fd, FIONREAD, &n) == 0 && n > 0 ? static_cast<std::uint64_t>(n)
                                                 : 0;
}

} // namespace

pg_intake::~pg_intake() {
  for (auto fd : {server_, in_, out_})
    if (fd >= 0)
      ::close(fd);
}

bool pg_intake::read(PGconn* raw) noexcept {
  if (std::exchange(first_, false)) [[likely]]
    return PQconsumeInput(raw) != 0;
  auto fd = PQsocket(raw);
  if (!open(fd)) {
    // No descriptors left: roughly will do.
    received_ += pending_bytes(fd);
    return PQconsumeInput(raw) != 0;
  }
  char bytes[read_at_once];
  auto n = ::recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return true;
  // libpq finds out by itself why there is nothing.
  if (n <= 0)
    return PQconsumeInput(raw) != 0;
  received_ += static_cast<std::uint64_t>(n);
  return ::send(in_, bytes, static_cast<std::size_t>(n), MSG_NOSIGNAL) == n
         && pass_on(raw, fd);
}

bool pg_intake::open(int fd) noexcept {
  if (server_ >= 0)
    return true;
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends)
      != 0)
    return false;
  in_ = ends[0];
  out_ = ends[1];
  server_ = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  return server_ >= 0;
}

bool pg_intake::pass_on(PGconn* raw, int fd) noexcept {
  if (::dup3(out_, fd, O_CLOEXEC) < 0)
    return false;
  auto ok = true;
  // TLS may hold back the end of what it took, and has it for the next call.
  for (auto more = PQsslInUse(raw) != 0 ? 2 : 0; ok && more >= 0;)
    if (ok = PQconsumeInput(raw) != 0; pending_bytes(out_) == 0)
      --more;
  // libpq closes its descriptor when it gives up: the number may be another's.
  return PQsocket(raw) == fd && ::dup3(server_, fd, O_CLOEXEC) == fd && ok;
}

} // namespace caf_pool
