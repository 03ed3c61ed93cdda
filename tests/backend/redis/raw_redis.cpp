#include "raw_redis.hpp"

#include "support/unix_address.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <stdexcept>

namespace caf_pool::test {

namespace {

int connect_to(const std::string& path) {
  auto where = unix_address(path);
  auto fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&where), sizeof(where)) != 0) {
    ::close(fd);
    throw std::runtime_error("nobody listens at " + path);
  }
  timeval limit{60, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  return fd;
}

} // namespace

raw_redis::raw_redis(const std::string& socket) : fd_(connect_to(socket)) {
  // nop
}

raw_redis::~raw_redis() {
  ::close(fd_);
}

redis_value raw_redis::run(const redis_command& command) {
  write(command);
  return read();
}

void raw_redis::write(const redis_command& command) {
  std::string out;
  command.append_to(out);
  for (auto rest = std::string_view{out}; !rest.empty();) {
    auto sent = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent <= 0)
      throw std::runtime_error("the server closed the connection");
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
}

redis_value raw_redis::read() {
  auto kind = read_byte();
  auto line = read_line();
  auto size = [&line] { return static_cast<std::size_t>(std::stoll(line)); };
  switch (kind) {
    case '+':
      return redis_value{redis_status{line}};
    case '-':
      return redis_value{redis_failure{line}};
    case ':':
      return redis_value{std::int64_t{std::stoll(line)}};
    case ',':
      return redis_value{std::stod(line)};
    case '#':
      return redis_value{line == "t"};
    case '_':
      return {};
    case '$':
    case '=':
      return line == "-1" ? redis_value{} : redis_value{read_bytes(size())};
    case '*':
      if (line == "-1")
        return {};
      return redis_value{read_items(size(), redis_array::form::array)};
    case '~':
      return redis_value{read_items(size(), redis_array::form::set)};
    case '>':
      return redis_value{read_items(size(), redis_array::form::push)};
    case '%':
      return redis_value{read_items(2 * size(), redis_array::form::map)};
    default:
      throw std::runtime_error("not RESP: " + (kind + line));
  }
}

char raw_redis::read_byte() {
  if (at_ == in_.size()) {
    char some[4096];
    auto got = ::recv(fd_, some, sizeof(some), 0);
    if (got <= 0)
      throw std::runtime_error("the server closed the connection");
    in_.assign(some, static_cast<std::size_t>(got));
    at_ = 0;
  }
  return in_[at_++];
}

std::string raw_redis::read_line() {
  std::string result;
  while (!result.ends_with("\r\n"))
    result += read_byte();
  result.resize(result.size() - 2);
  return result;
}

std::string raw_redis::read_bytes(std::size_t size) {
  std::string result;
  while (result.size() < size + 2)
    result += read_byte();
  result.resize(size);
  return result;
}

redis_array raw_redis::read_items(std::size_t count, redis_array::form as) {
  redis_array result;
  result.as = as;
  for (std::size_t i = 0; i < count; ++i)
    result.items.push_back(read());
  return result;
}

std::string failure_of(const redis_value& reply) {
  auto* failure = std::get_if<redis_failure>(&reply.value);
  return failure == nullptr ? std::string{} : failure->text;
}

} // namespace caf_pool::test
