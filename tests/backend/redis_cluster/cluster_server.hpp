#pragma once

#include "support/process.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace caf_pool::test {

/// A redis-server in cluster mode that belongs to no cluster, and a connection
/// to it. Both are gone when the object is.
///
/// Thread-safety: one thread at a time.
class cluster_server {
public:
  /// Tells whether the program is installed.
  static bool available();

  /// Throws `std::runtime_error` if the server does not start.
  cluster_server();

  ~cluster_server();

  cluster_server(const cluster_server&) = delete;
  cluster_server& operator=(const cluster_server&) = delete;

  std::uint16_t port() const noexcept {
    return port_;
  }

  /// Sends text and returns `lines` lines of what comes back, without their
  /// ends. Throws `std::runtime_error` if they do not come.
  std::vector<std::string> ask(const std::string& text, std::size_t lines);

private:
  void connect();
  void send(const std::string& text);

  std::filesystem::path folder_;
  std::uint16_t port_;
  std::unique_ptr<process> process_;
  int fd_ = -1;
  std::string received_;
};

} // namespace caf_pool::test
