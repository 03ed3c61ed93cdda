#include "support/chaos_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace caf_pool::test {

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  result.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return result;
}

int make_socket(int flags) {
  auto fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (fd < 0)
    throw std::system_error{errno, std::generic_category(), "socket"};
  auto on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

bool connect_to(int fd, std::uint16_t port) {
  auto addr = loopback(port);
  return ::connect(fd, reinterpret_cast<sockaddr*>(&addr), sizeof(addr)) == 0;
}

} // namespace

chaos_socket chaos_socket::listen(std::uint16_t port, int backlog) {
  chaos_socket result{make_socket(SOCK_NONBLOCK)};
  auto on = 1;
  ::setsockopt(result.fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  auto addr = loopback(port);
  if (::bind(result.fd_, reinterpret_cast<sockaddr*>(&addr), sizeof(addr)) != 0
      || ::listen(result.fd_, backlog) != 0)
    throw std::system_error{errno, std::generic_category(), "listen"};
  return result;
}

chaos_socket chaos_socket::connect(std::uint16_t port) {
  chaos_socket result{make_socket(0)};
  if (!connect_to(result.fd_, port))
    result.close();
  return result;
}

chaos_socket chaos_socket::start_connecting(std::uint16_t port) {
  chaos_socket result{make_socket(SOCK_NONBLOCK)};
  connect_to(result.fd_, port);
  return result;
}

chaos_socket chaos_socket::accept() const {
  chaos_socket result{
    ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  auto on = 1;
  if (result.valid())
    ::setsockopt(result.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return result;
}

void chaos_socket::reset_on_close() noexcept {
  linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

std::uint16_t chaos_socket::port() const {
  sockaddr_in addr{};
  socklen_t size = sizeof(addr);
  if (::getsockname(fd_, reinterpret_cast<sockaddr*>(&addr), &size) != 0)
    throw std::system_error{errno, std::generic_category(), "getsockname"};
  return ntohs(addr.sin_port);
}

void chaos_socket::close() noexcept {
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
}

} // namespace caf_pool::test
