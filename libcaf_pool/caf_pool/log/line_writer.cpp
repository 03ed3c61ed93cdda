#include "caf_pool/log/line_writer.hpp"

#include <climits>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>

namespace caf_pool {

bool line_writer::write(std::string_view line) {
  auto text = (torn_ ? "\n" : "") + std::string{line};
  auto deadline = clock::now() + (stuck_ ? duration::zero() : write_limit);
  auto rest = std::string_view{text};
  while (!rest.empty() && wait(deadline)) {
    // A pipe that can be written takes so much without blocking.
    auto n
      = ::write(fd_, rest.data(), std::min<std::size_t>(rest.size(), PIPE_BUF));
    if (n >= 0)
      rest.remove_prefix(static_cast<std::size_t>(n));
    else if (errno != EAGAIN && errno != EINTR)
      break;
  }
  stuck_ = !rest.empty();
  if (rest.size() < text.size())
    torn_ = stuck_;
  return !stuck_;
}

/// Returns false if the descriptor cannot be written before the deadline.
bool line_writer::wait(time_point deadline) const {
  using std::chrono::milliseconds;
  for (;;) {
    auto left = std::chrono::ceil<milliseconds>(deadline - clock::now());
    pollfd fds[] = {{fd_, POLLOUT, 0}};
    auto limit = std::max<std::int64_t>(left.count(), 0);
    auto ready = ::poll(fds, 1, static_cast<int>(limit));
    if (ready >= 0 || errno != EINTR)
      return ready > 0;
  }
}

} // namespace caf_pool
