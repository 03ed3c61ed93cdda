#include "caf_pool/net/tcp_probe.hpp"

#include "caf_pool/core/parse_number.hpp"
#include "caf_pool/net/greeting.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace caf_pool {

namespace {

/// How long a peer may be silent before it is asked something.
constexpr duration quiet_limit = std::chrono::milliseconds{250};

using address_list = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

address_list look_up(const tcp_address& x) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  auto port = std::to_string(x.port);
  if (::getaddrinfo(x.host.c_str(), port.c_str(), &hints, &found) != 0)
    found = nullptr;
  return {found, &::freeaddrinfo};
}

error bad_address(std::string_view str) {
  return {errc::invalid_argument,
          "\"" + std::string{str}
            + "\" is no address; expected a numeric one and a port, such as "
              "127.0.0.1:4700",
          {}};
}

} // namespace

result<tcp_address> parse_address(std::string_view str) {
  auto colon = str.rfind(':');
  if (colon == str.npos)
    return bad_address(str);
  auto host = str.substr(0, colon);
  auto port = parse_number<std::uint16_t>(str.substr(colon + 1));
  if (!port || *port == 0)
    return bad_address(str);
  tcp_address result;
  result.port = *port;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  result.host = host == "localhost" ? "127.0.0.1" : std::string{host};
  if (look_up(result) == nullptr)
    return bad_address(str);
  return result;
}

std::string to_string(const tcp_address& x) {
  auto six = x.host.find(':') != std::string::npos;
  return (six ? '[' + x.host + ']' : x.host) + ':' + std::to_string(x.port);
}

tcp_probe::~tcp_probe() {
  stop();
}

void tcp_probe::stop() noexcept {
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
  state_ = state::idle;
}

tcp_probe::state tcp_probe::finish(state x) {
  stop();
  return state_ = x;
}

tcp_probe::state tcp_probe::fail(int code) {
  reason_ = std::generic_category().message(code);
  return finish(state::failed);
}

tcp_probe::state tcp_probe::start(const tcp_address& where) {
  stop();
  reason_.clear();
  said_.clear();
  address_ = to_string(where);
  connected_ = asked_ = false;
  auto found = look_up(where);
  if (found == nullptr)
    return fail(EINVAL);
  fd_
    = ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0)
    return fail(errno);
  if (::connect(fd_, found->ai_addr, found->ai_addrlen) != 0
      && errno != EINPROGRESS)
    return fail(errno);
  return state_ = state::pending;
}

tcp_probe::state tcp_probe::poll() {
  if (state_ != state::pending)
    return state_;
  if (!connected_ && !look_for_connection())
    return state_;
  return listen();
}

/// Returns whether the connection is made.
bool tcp_probe::look_for_connection() {
  pollfd entry{fd_, POLLOUT, 0};
  if (::poll(&entry, 1, 0) <= 0)
    return false;
  int code = 0;
  socklen_t size = sizeof(code);
  if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &code, &size) != 0)
    code = errno;
  if (code != 0) {
    fail(code);
    return false;
  }
  quiet_since_ = clock::now();
  return connected_ = true;
}

tcp_probe::state tcp_probe::listen() {
  char buf[512];
  auto n = ::recv(fd_, buf, sizeof(buf), 0);
  if (n > 0) {
    said_.append(buf, static_cast<std::size_t>(n));
    quiet_since_ = clock::now();
    return judge(false);
  }
  auto quiet = n < 0 && (errno == EAGAIN || errno == EINTR);
  if (!quiet)
    return judge(true);
  if (clock::now() - quiet_since_ < quiet_limit)
    return state_;
  if (!said_.empty())
    return judge(true);
  if (!asked_)
    ask();
  return state_;
}

tcp_probe::state tcp_probe::judge(bool over) {
  switch (judge_greeting(said_)) {
    case greeting_kind::node:
      return finish(state::open);
    case greeting_kind::stranger:
      break;
    case greeting_kind::unclear:
      if (!over)
        return state_;
      // Perhaps a node with no room for another client.
      if (said_.empty() && !asked_)
        return finish(state::open);
      break;
  }
  reason_ = describe_stranger(address_, said_);
  return finish(state::stranger);
}

void tcp_probe::ask() {
  asked_ = true;
  auto text = question_for(address_);
  // What does not fit is no loss: nobody who listens would be that busy.
  static_cast<void>(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL));
}

} // namespace caf_pool
