#include "support/free_port.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace caf_pool::test {

// The socket stays open, bound but deaf, until the program ends.
std::uint16_t free_port() {
  auto fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto on = 1;
  sockaddr_in addr{};
  addr.sin_family = AF_INET;
  addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(addr);
  auto* raw = reinterpret_cast<sockaddr*>(&addr);
  auto ok = fd >= 0
            && ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0
            && ::bind(fd, raw, size) == 0 && ::getsockname(fd, raw, &size) == 0;
  if (!ok)
    throw std::system_error{errno, std::generic_category(), "free_port"};
  return ntohs(addr.sin_port);
}

} // namespace caf_pool::test
