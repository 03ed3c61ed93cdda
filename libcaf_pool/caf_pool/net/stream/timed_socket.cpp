#include "caf_pool/net/stream/timed_socket.hpp"

#include "caf_pool/net/poll_socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace caf_pool {

namespace {

using namespace std::chrono_literals;

/// Below this, the kernel's ticks are too coarse.
constexpr duration exact_below = 20ms;

/// As good as for ever, and far from any overflow.
constexpr duration longest_limit = 1h;

} // namespace

timed_socket::~timed_socket() {
  ::close(fd_);
}

stream_wait timed_socket::fail(int code) noexcept {
  last_error_ = code;
  return stream_wait::failed;
}

/// Tells whether the socket stops waiting before `left` is over. The kernel
/// rounds its limit up to ticks, and wakes up to an eighth of it later.
bool timed_socket::fits(duration left) const noexcept {
  return limit_ != duration::zero() && limit_ + limit_ / 4 + 8ms <= left;
}

/// Gives the socket a limit of about half of what is left, so that it seldom
/// changes. Returns false if the system refuses.
bool timed_socket::limit_waiting(duration left) noexcept {
  auto limit = std::min(left / 2, longest_limit);
  timeval value{};
  value.tv_sec = static_cast<std::time_t>(limit / 1s);
  value.tv_usec = static_cast<suseconds_t>(limit % 1s / 1us);
  if (::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &value, sizeof(value)) != 0)
    return false;
  limit_ = limit;
  return true;
}

/// `done` and no byte if there is nothing, or the socket waited in vain.
stream_wait timed_socket::receive_some(std::span<char> room, std::size_t& count,
                                       int flags) noexcept {
  count = 0;
  if (aborted())
    return fail(ECONNABORTED);
  if (room.empty())
    return stream_wait::done;
  auto n = ::recv(fd_, room.data(), room.size(), flags);
  if (n > 0) {
    count = static_cast<std::size_t>(n);
    return stream_wait::done;
  }
  auto code = errno;
  if (aborted())
    return fail(ECONNABORTED);
  if (n == 0)
    return stream_wait::closed;
  if (code == EAGAIN || code == EINTR)
    return stream_wait::done;
  return fail(code);
}

stream_wait timed_socket::receive(std::span<char> room, std::size_t& count,
                                  time_point deadline) noexcept {
  count = 0;
  for (auto waited = false;; waited = true) {
    auto left = deadline == never ? duration::max() : deadline - clock::now();
    if (left <= duration::zero())
      return stream_wait::late;
    auto flags = 0;
    if (left < exact_below) {
      if (wait(POLLIN, deadline) == 0)
        return stream_wait::late;
      flags = MSG_DONTWAIT;
    } else if (waited || (deadline != never && !fits(left))) {
      if (!limit_waiting(left))
        return fail(errno);
    }
    auto outcome = receive_some(room, count, flags);
    if (outcome != stream_wait::done || count > 0 || room.empty())
      return outcome;
  }
}

stream_wait timed_socket::receive_now(std::span<char> room,
                                      std::size_t& count) noexcept {
  return receive_some(room, count, MSG_DONTWAIT);
}

stream_wait timed_socket::send_now(std::string_view bytes,
                                   std::size_t& count) noexcept {
  count = 0;
  for (;;) {
    if (aborted())
      return fail(ECONNABORTED);
    auto n
      = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      count = static_cast<std::size_t>(n);
      return stream_wait::done;
    }
    if (errno == EAGAIN)
      return stream_wait::done;
    if (errno != EINTR)
      return fail(aborted() ? ECONNABORTED : errno);
  }
}

short timed_socket::wait(short events, time_point deadline) noexcept {
  return poll_socket(fd_, events, deadline);
}

bool timed_socket::quiet() noexcept {
  char byte = 0;
  std::size_t count = 0;
  return receive_some({&byte, 1}, count, MSG_DONTWAIT | MSG_PEEK)
           == stream_wait::done
         && count == 0;
}

void timed_socket::shut_down() noexcept {
  ::shutdown(fd_, SHUT_RDWR);
}

void timed_socket::abort() noexcept {
  aborted_ = true;
  shut_down();
}

} // namespace caf_pool
