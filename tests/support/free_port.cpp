#include "support/free_port.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace caf_pool::test {

std::uint16_t free_port() {
  auto fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in addr{};
  addr.sin_family = AF_INET;
  addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(addr);
  auto* raw = reinterpret_cast<sockaddr*>(&addr);
  auto ok = fd >= 0 && ::bind(fd, raw, size) == 0
            && ::getsockname(fd, raw, &size) == 0;
  auto number = errno;
  ::close(fd);
  if (!ok)
    throw std::system_error{number, std::generic_category(), "free_port"};
  return ntohs(addr.sin_port);
}

} // namespace caf_pool::test
