#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <stdexcept>
#include <string>

namespace caf_pool::test {

/// Returns the address of a unix socket. Throws `std::runtime_error` for a path
/// that is too long for one.
inline sockaddr_un unix_address(const std::string& path) {
  sockaddr_un result{};
  result.sun_family = AF_UNIX;
  if (path.size() >= sizeof(result.sun_path))
    throw std::runtime_error{"path of the unix socket is too long: " + path};
  std::memcpy(result.sun_path, path.data(), path.size());
  return result;
}

} // namespace caf_pool::test
