#include "backend/redis_cluster/cluster_server.hpp"

#include "support/free_port.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>

namespace caf_pool::test {

namespace {

namespace fs = std::filesystem;

} // namespace

bool cluster_server::available() {
  return fs::exists("/usr/bin/redis-server");
}

cluster_server::cluster_server() : port_(free_port()) {
  auto pattern
    = (fs::temp_directory_path() / "caf_pool_cluster_XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error{"no folder for Redis"};
  folder_ = pattern;
  process_options options;
  options.command = {"redis-server",
                     "--port",
                     std::to_string(port_),
                     "--bind",
                     "127.0.0.1",
                     "--cluster-enabled",
                     "yes",
                     "--cluster-port",
                     std::to_string(free_port()),
                     "--save",
                     "",
                     "--dir",
                     folder_.string()};
  process_ = std::make_unique<process>(std::move(options));
  if (!process_->wait_for_text("Ready to accept connections"))
    throw std::runtime_error{"Redis does not start: " + process_->out()};
  connect();
}

cluster_server::~cluster_server() {
  if (fd_ >= 0)
    ::close(fd_);
  process_.reset();
  std::error_code ec;
  fs::remove_all(folder_, ec);
}

void cluster_server::connect() {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in addr{};
  addr.sin_family = AF_INET;
  addr.sin_port = htons(port_);
  addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* raw = reinterpret_cast<sockaddr*>(&addr);
  if (fd_ < 0 || ::connect(fd_, raw, sizeof(addr)) != 0)
    throw std::runtime_error{"no connection to Redis"};
}

void cluster_server::send(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    auto n = ::send(fd_, text.data() + at, text.size() - at, MSG_NOSIGNAL);
    if (n <= 0)
      throw std::runtime_error{"Redis takes no more"};
    at += static_cast<std::size_t>(n);
  }
}

std::vector<std::string> cluster_server::ask(const std::string& text,
                                             std::size_t lines) {
  constexpr std::chrono::milliseconds limit = patience;
  send(text);
  std::vector<std::string> result;
  while (result.size() < lines) {
    if (auto end = received_.find("\r\n"); end != std::string::npos) {
      result.push_back(received_.substr(0, end));
      received_.erase(0, end + 2);
      continue;
    }
    char buf[4096];
    pollfd entry{fd_, POLLIN, 0};
    auto n = ::poll(&entry, 1, static_cast<int>(limit.count())) > 0
               ? ::recv(fd_, buf, sizeof(buf), 0)
               : 0;
    if (n <= 0)
      throw std::runtime_error{"Redis does not answer"};
    received_.append(buf, static_cast<std::size_t>(n));
  }
  return result;
}

} // namespace caf_pool::test
