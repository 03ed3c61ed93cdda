#include "inserting_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace caf_pool::test {

namespace {

int checked(int outcome) {
  if (outcome < 0)
    throw std::system_error{errno, std::generic_category()};
  return outcome;
}

sockaddr_in loopback(std::uint16_t port) {
  auto result = sockaddr_in{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  result.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return result;
}

/// Carries what has come; false at the end of a side.
bool carry_some(int from, int to) {
  char room[4096];
  auto count = ::recv(from, room, sizeof(room), 0);
  return count > 0
         && ::send(to, room, static_cast<std::size_t>(count), MSG_NOSIGNAL)
              == count;
}

} // namespace

inserting_proxy::inserting_proxy(std::uint16_t target) {
  auto here = loopback(0);
  auto size = socklen_t{sizeof(here)};
  auto* where = reinterpret_cast<sockaddr*>(&here);
  listener_ = checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  checked(::bind(listener_, where, size));
  checked(::listen(listener_, 1));
  checked(::getsockname(listener_, where, &size));
  port_ = ntohs(here.sin_port);
  auto there = loopback(target);
  server_ = checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  checked(
    ::connect(server_, reinterpret_cast<sockaddr*>(&there), sizeof(there)));
  thread_ = std::thread{[this] { carry(); }};
}

inserting_proxy::~inserting_proxy() {
  ::shutdown(listener_, SHUT_RDWR);
  ::shutdown(server_, SHUT_RDWR);
  thread_.join();
  for (auto fd : {listener_, server_, client_.load()})
    if (fd >= 0)
      ::close(fd);
}

void inserting_proxy::carry() {
  client_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client_ < 0)
    return;
  pollfd ends[2] = {{client_, POLLIN, 0}, {server_, POLLIN, 0}};
  for (auto open = true; open && ::poll(ends, 2, -1) > 0;) {
    if (ends[0].revents != 0)
      open = carry_some(client_, server_);
    if (open && ends[1].revents != 0)
      open = carry_some(server_, client_);
  }
  ::shutdown(client_, SHUT_RDWR);
}

void inserting_proxy::insert(std::string_view bytes) {
  ::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

} // namespace caf_pool::test
