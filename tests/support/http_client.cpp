#include "support/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <system_error>
#include <utility>

namespace caf_pool::test {

namespace {

using deadline_clock = std::chrono::steady_clock;

// Takes the status and the headers from the front of `text`.
http_reply parse_head(const std::string& text) {
  http_reply result;
  result.status = std::stoi(text.substr(9, 3));
  auto line = text.find("\r\n") + 2;
  while (line < text.size()) {
    auto end = text.find("\r\n", line);
    auto colon = text.find(": ", line);
    if (end == line || colon == std::string::npos)
      break;
    auto name = text.substr(line, colon - line);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    result.headers[name] = text.substr(colon + 2, end - colon - 2);
    line = end + 2;
  }
  return result;
}

} // namespace

http_client::http_client(std::uint16_t port)
  : http_client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  connect(port);
}

http_client::http_client(http_client&& other) noexcept
  : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {
  // nop
}

http_client::~http_client() {
  if (fd_ >= 0)
    ::close(fd_);
}

http_client http_client::unconnected() {
  return http_client{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
}

void http_client::connect(std::uint16_t port) {
  sockaddr_in addr{};
  addr.sin_family = AF_INET;
  addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  addr.sin_port = htons(port);
  auto* raw = reinterpret_cast<const sockaddr*>(&addr);
  if (fd_ < 0 || ::connect(fd_, raw, sizeof(addr)) != 0)
    throw std::system_error{errno, std::generic_category(), "connect"};
}

bool http_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void http_client::finish() {
  ::shutdown(fd_, SHUT_WR);
}

std::optional<http_reply> http_client::read(bool head,
                                            std::chrono::nanoseconds limit) {
  auto deadline = deadline_clock::now() + limit;
  auto end = buffer_.find("\r\n\r\n");
  for (; end == std::string::npos; end = buffer_.find("\r\n\r\n"))
    if (!fill(deadline))
      return std::nullopt;
  auto result = parse_head(buffer_.substr(0, end + 2));
  buffer_.erase(0, end + 4);
  if (head)
    return result;
  auto length = std::stoul(result.headers["content-length"]);
  while (buffer_.size() < length)
    if (!fill(deadline))
      return std::nullopt;
  result.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return result;
}

bool http_client::closed(std::chrono::nanoseconds limit) {
  auto deadline = deadline_clock::now() + limit;
  while (fill(deadline)) {
    // nop
  }
  return deadline_clock::now() < deadline;
}

bool http_client::fill(deadline_clock::time_point deadline) {
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
    deadline - deadline_clock::now());
  pollfd waiter{fd_, POLLIN, 0};
  auto wait = static_cast<int>(std::max<std::int64_t>(0, left.count() + 1));
  if (::poll(&waiter, 1, wait) <= 0)
    return false;
  char chunk[16384];
  auto n = ::recv(fd_, chunk, sizeof(chunk), 0);
  if (n <= 0)
    return false;
  buffer_.append(chunk, static_cast<std::size_t>(n));
  return true;
}

std::string request_text(std::string_view target, std::string_view method,
                         std::string_view headers) {
  std::string str{method};
  str += ' ';
  str += target;
  str += " HTTP/1.1\r\nHost: localhost\r\n";
  str += headers;
  return str + "\r\n";
}

http_reply fetch(std::uint16_t port, std::string_view target,
                 std::string_view method, std::string_view headers) {
  http_client client{port};
  client.send(request_text(target, method, headers));
  return client.read(method == "HEAD").value_or(http_reply{});
}

} // namespace caf_pool::test
