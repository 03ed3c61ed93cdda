#include "caf_pool/backend/pg_poll.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace caf_pool {

short pg_poll(int fd, short events, time_point deadline) noexcept {
  // poll() ignores negative descriptors and would wait for nothing.
  if (fd < 0)
    return POLLNVAL;
  pollfd item{fd, events, 0};
  for (;;) {
    timespec left{};
    timespec* limit = nullptr;
    if (deadline != never) {
      auto ns = std::max(deadline - clock::now(), duration::zero()).count();
      left.tv_sec = static_cast<std::time_t>(ns / 1'000'000'000);
      left.tv_nsec = static_cast<long>(ns % 1'000'000'000);
      limit = &left;
    }
    auto n = ::ppoll(&item, 1, limit, nullptr);
    if (n > 0)
      return item.revents;
    if (n == 0)
      return 0;
    if (errno != EINTR)
      return POLLERR;
  }
}

} // namespace caf_pool
