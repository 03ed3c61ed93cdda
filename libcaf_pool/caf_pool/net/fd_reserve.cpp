#include "caf_pool/net/fd_reserve.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace caf_pool::detail {

fd_reserve::fd_reserve() noexcept {
  fds_.fill(-1);
  refill();
}

fd_reserve::~fd_reserve() {
  while (give_up()) {
    // nop
  }
}

void fd_reserve::refill() noexcept {
  for (auto& fd : fds_)
    if (fd < 0)
      fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool fd_reserve::give_up() noexcept {
  for (auto& fd : fds_)
    if (fd >= 0)
      return ::close(std::exchange(fd, -1)) == 0;
  return false;
}

} // namespace caf_pool::detail
