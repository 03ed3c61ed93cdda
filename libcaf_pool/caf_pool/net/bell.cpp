#include "caf_pool/net/bell.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace caf_pool {

bell::bell() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0)
    throw std::system_error{errno, std::generic_category(), "eventfd"};
}

bell::~bell() {
  ::close(fd_);
}

void bell::ring() noexcept {
  // Fails only after 2^64 - 2 rings, and the bell is rung then.
  static_cast<void>(::eventfd_write(fd_, 1));
}

bool bell::rung() const noexcept {
  pollfd item{fd_, POLLIN, 0};
  return ::poll(&item, 1, 0) == 1;
}

error opening_called_off() {
  return {errc::cancelled, "opening a connection was called off", {}};
}

error no_descriptor_left(const std::system_error& why) {
  return {errc::open_failed,
          std::string{"no descriptor left to open a connection with ("}
            + why.what() + "); raise their limit, see ulimit -n",
          {}};
}

} // namespace caf_pool
