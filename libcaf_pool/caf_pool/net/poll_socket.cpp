#include "caf_pool/net/poll_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace caf_pool {

short poll_socket(int fd, short events, time_point deadline,
                  const bell* called_off) noexcept {
  // poll() ignores negative descriptors and would wait for nothing.
  if (fd < 0)
    return POLLNVAL;
  pollfd items[]{
    {fd, events, 0},
    {called_off != nullptr ? called_off->descriptor() : -1, POLLIN, 0}};
  for (;;) {
    auto n = 0;
    if (deadline == never) {
      n = ::poll(items, 2, -1);
    } else {
      auto left = std::max(deadline - clock::now(), duration::zero()).count();
      timespec limit{};
      limit.tv_sec = static_cast<std::time_t>(left / 1'000'000'000);
      limit.tv_nsec = static_cast<long>(left % 1'000'000'000);
      n = ::ppoll(items, 2, &limit, nullptr);
    }
    if (n > 0)
      return items[0].revents;
    if (n == 0)
      return 0;
    if (errno != EINTR)
      return POLLERR;
  }
}

} // namespace caf_pool
