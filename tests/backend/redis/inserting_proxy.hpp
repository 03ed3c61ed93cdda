#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <thread>

namespace caf_pool::test {

/// Carries one connection to a server of this machine, and lets a test add
/// bytes to what the server says.
///
/// Thread-safety: one thread at a time.
class inserting_proxy {
public:
  /// Carries to a port of 127.0.0.1. Throws `std::system_error`.
  explicit inserting_proxy(std::uint16_t target);

  ~inserting_proxy();

  inserting_proxy(const inserting_proxy&) = delete;
  inserting_proxy& operator=(const inserting_proxy&) = delete;

  /// Where the client connects to, on 127.0.0.1.
  std::uint16_t port() const noexcept {
    return port_;
  }

  /// Sends bytes to the client, which must be connected.
  void insert(std::string_view bytes);

private:
  void carry();

  int listener_ = -1;
  int server_ = -1;
  std::atomic<int> client_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

} // namespace caf_pool::test
