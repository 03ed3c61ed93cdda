#include "support/private_redis_client.hpp"

#include "support/eventually.hpp"
#include "support/unix_address.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace caf_pool::test {

namespace {

// Applies to connecting, too: a frozen server takes up no connections.
void limit_waiting(int fd) {
  timeval limit{};
  limit.tv_sec = patience.count();
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

// A call that has a limit is interrupted when its process is frozen and thawed.
template <class Call>
auto without_interruption(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR)
    result = call();
  return result;
}

std::string encoded(const std::vector<std::string>& command) {
  auto result = '*' + std::to_string(command.size()) + "\r\n";
  for (auto& word : command)
    result += '$' + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  return result;
}

redis_reply::kind kind_of(char first) {
  switch (first) {
    case '+':
      return redis_reply::kind::status;
    case '-':
      return redis_reply::kind::error;
    case ':':
      return redis_reply::kind::integer;
    case '$':
      return redis_reply::kind::bulk;
    case '*':
      return redis_reply::kind::array;
    default:
      throw std::runtime_error{std::string{"no reply begins with "} + first};
  }
}

std::string joined(const redis_reply& reply, std::string_view separator) {
  std::string result;
  for (auto& element : reply.elements) {
    if (&element != &reply.elements.front())
      result += separator;
    if (element.type == redis_reply::kind::array)
      result += '[' + joined(element, " ") + ']';
    else
      result += to_string(element);
  }
  return result;
}

} // namespace

std::string to_string(const redis_reply& reply) {
  switch (reply.type) {
    case redis_reply::kind::array:
      return joined(reply, "\n");
    case redis_reply::kind::nil:
      return "(nil)";
    default:
      return reply.text;
  }
}

private_redis_client::private_redis_client(const std::string& socket_path) {
  auto addr = unix_address(socket_path);
  fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  limit_waiting(fd_);
  auto* raw = reinterpret_cast<sockaddr*>(&addr);
  auto connect = [&] { return ::connect(fd_, raw, sizeof(addr)); };
  if (fd_ < 0 || without_interruption(connect) != 0) {
    auto number = errno;
    if (fd_ >= 0)
      ::close(fd_);
    throw std::system_error{number, std::generic_category(), socket_path};
  }
}

private_redis_client::private_redis_client(
  private_redis_client&& other) noexcept
  : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {
  // nop
}

private_redis_client::~private_redis_client() {
  if (fd_ >= 0)
    ::close(fd_);
}

redis_reply private_redis_client::call(
  const std::vector<std::string>& command) {
  send(encoded(command));
  return read_reply();
}

// A server that refuses the connection says why before it closes, so that
// reading tells more than a failure to write.
void private_redis_client::send(const std::string& bytes) {
  std::string_view rest{bytes};
  while (!rest.empty()) {
    auto n = without_interruption(
      [&] { return ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL); });
    if (n <= 0)
      return;
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
}

void private_redis_client::receive() {
  std::array<char, 16384> chunk;
  auto n = without_interruption(
    [&] { return ::recv(fd_, chunk.data(), chunk.size(), 0); });
  if (n == 0)
    throw std::runtime_error{"Redis closed the connection"};
  if (n < 0)
    throw std::runtime_error{std::string{"Redis does not answer: "}
                             + std::strerror(errno)};
  buffer_.append(chunk.data(), static_cast<std::size_t>(n));
}

std::string private_redis_client::read_line() {
  auto end = buffer_.find("\r\n");
  for (; end == std::string::npos; end = buffer_.find("\r\n"))
    receive();
  auto result = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return result;
}

std::string private_redis_client::read_bytes(std::size_t size) {
  while (buffer_.size() < size + 2)
    receive();
  auto result = buffer_.substr(0, size);
  buffer_.erase(0, size + 2);
  return result;
}

redis_reply private_redis_client::read_reply() {
  auto line = read_line();
  redis_reply result;
  result.type = kind_of(line.empty() ? ' ' : line.front());
  result.text = line.substr(1);
  if (result.type != redis_reply::kind::bulk
      && result.type != redis_reply::kind::array)
    return result;
  auto size = std::stol(std::exchange(result.text, {}));
  if (size < 0)
    result.type = redis_reply::kind::nil;
  else if (result.type == redis_reply::kind::bulk)
    result.text = read_bytes(static_cast<std::size_t>(size));
  else
    for (long i = 0; i < size; ++i)
      result.elements.push_back(read_reply());
  return result;
}

} // namespace caf_pool::test
