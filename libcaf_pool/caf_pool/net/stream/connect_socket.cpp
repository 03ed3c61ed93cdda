#include "caf_pool/net/stream/connect_socket.hpp"

#include "caf_pool/net/poll_socket.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace caf_pool {

namespace {

using namespace std::chrono_literals;

using socket_ptr = std::unique_ptr<timed_socket>;

error connect_error(int code, errc kind = errc::open_failed) {
  return {kind, "connecting: " + std::generic_category().message(code), {}};
}

error no_socket(int code) {
  return {errc::open_failed,
          "no socket to connect with: " + std::generic_category().message(code),
          {}};
}

bool is_called_off(const bell* called_off) noexcept {
  return called_off != nullptr && called_off->rung();
}

error gave_up(const bell* called_off) {
  if (is_called_off(called_off))
    return opening_called_off();
  return {errc::open_timeout, "the time went by while connecting", {}};
}

void set_option(int fd, int level, int name, int value) noexcept {
  // What the system does not know, it does without.
  static_cast<void>(::setsockopt(fd, level, name, &value, sizeof(value)));
}

void keep_alive(int fd) noexcept {
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 10'000);
}

/// Two ends on one machine that connect at the same time meet each other: a
/// free port that the system gave to this very socket "answers".
bool met_itself(int fd) noexcept {
  sockaddr_storage ours{};
  sockaddr_storage theirs{};
  socklen_t our_size = sizeof(ours);
  socklen_t their_size = sizeof(theirs);
  return ::getsockname(fd, reinterpret_cast<sockaddr*>(&ours), &our_size) == 0
         && ::getpeername(fd, reinterpret_cast<sockaddr*>(&theirs), &their_size)
              == 0
         && our_size == their_size
         && std::memcmp(&ours, &theirs, our_size) == 0;
}

/// Returns what became of a connect that is under way: 0 or an error number.
int outcome_of(int fd) noexcept {
  auto code = 0;
  socklen_t size = sizeof(code);
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0)
    return errno;
  if (code == 0 && met_itself(fd))
    return ECONNREFUSED;
  return code;
}

} // namespace

result<socket_ptr> connect_tcp(const std::string& address, std::uint16_t port,
                               bool with_keep_alive, time_point deadline,
                               const bell* called_off) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  auto service = std::to_string(port);
  auto rc = ::getaddrinfo(address.c_str(), service.c_str(), &hints, &found);
  if (rc != 0)
    return error{errc::open_failed, ::gai_strerror(rc), {}};
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner{found, ::freeaddrinfo};
  auto fd
    = ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return no_socket(errno);
  auto result = std::make_unique<timed_socket>(fd);
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (::connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
    if (errno != EINPROGRESS)
      return connect_error(errno);
    if (poll_socket(fd, POLLOUT, deadline, called_off) == 0)
      return gave_up(called_off);
  }
  if (auto code = outcome_of(fd); code != 0)
    return connect_error(code);
  // Not before: it would limit the time for connecting, too.
  if (with_keep_alive)
    keep_alive(fd);
  if (::fcntl(fd, F_SETFL, 0) != 0)
    return connect_error(errno);
  return result;
}

result<socket_ptr> connect_unix(const std::string& path, time_point deadline,
                                const bell* called_off) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (path.size() >= sizeof(where.sun_path))
    return connect_error(ENAMETOOLONG, errc::open_refused);
  std::copy(path.begin(), path.end(), where.sun_path);
  auto fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return no_socket(errno);
  auto result = std::make_unique<timed_socket>(fd);
  for (;;) {
    auto now = clock::now();
    if (now >= deadline || is_called_off(called_off))
      return gave_up(called_off);
    // Only a blocking socket waits for room in the server's queue, and only its
    // own limit ends that, so it looks for the bell in between.
    timeval limit{};
    limit.tv_usec = static_cast<suseconds_t>(
      std::clamp<duration>(deadline - now, 1ms, 20ms) / 1us);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    auto* raw = reinterpret_cast<sockaddr*>(&where);
    if (::connect(fd, raw, sizeof(where)) == 0)
      return result;
    if (errno == EACCES || errno == EPERM)
      return connect_error(errno, errc::open_refused);
    if (errno != EAGAIN && errno != EINTR)
      return connect_error(errno);
  }
}

} // namespace caf_pool
