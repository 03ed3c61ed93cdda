#include "support/bare_login.hpp"

#include "support/unix_address.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

namespace caf_pool::test {

namespace {

void append(std::string& out, std::uint32_t x) {
  auto raw = htonl(x);
  out.append(reinterpret_cast<const char*>(&raw), sizeof(raw));
}

// The first message of version 3 of the protocol: length, version, parameters.
std::string startup_message(std::string_view user, std::string_view database) {
  std::string body;
  append(body, 3 << 16);
  for (auto text : {std::string_view{"user"}, user,
                    std::string_view{"database"}, database}) {
    body += text;
    body += '\0';
  }
  body += '\0';
  std::string result;
  append(result, static_cast<std::uint32_t>(body.size() + 4));
  return result + body;
}

} // namespace

bare_login::bare_login(const std::string& socket_dir, std::uint16_t port,
                       std::string_view user, std::string_view database) {
  auto addr = unix_address(socket_dir + "/.s.PGSQL." + std::to_string(port));
  fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto hello = startup_message(user, database);
  if (fd_ < 0
      || ::connect(fd_, reinterpret_cast<sockaddr*>(&addr), sizeof(addr)) != 0
      || ::send(fd_, hello.data(), hello.size(), MSG_NOSIGNAL) < 0)
    throw std::system_error{errno, std::generic_category(), "bare_login"};
  // Every answer is a type, a length that counts itself, and a body.
  std::array<char, 5> head;
  std::vector<char> body;
  while (read_exactly(head.data(), head.size()) && head[0] != 'E') {
    std::uint32_t size = 0;
    std::memcpy(&size, head.data() + 1, sizeof(size));
    body.resize(ntohl(size) - sizeof(size));
    if (!read_exactly(body.data(), body.size()))
      return;
    if (head[0] == 'Z') {
      accepted_ = true;
      return;
    }
  }
}

bare_login::bare_login(bare_login&& other) noexcept
  : fd_(std::exchange(other.fd_, -1)), accepted_(other.accepted_) {
  // nop
}

bare_login::~bare_login() {
  if (fd_ >= 0)
    ::close(fd_);
}

bool bare_login::read_exactly(char* data, std::size_t size) {
  while (size > 0) {
    auto n = ::recv(fd_, data, size, 0);
    if (n <= 0)
      return false;
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

} // namespace caf_pool::test
