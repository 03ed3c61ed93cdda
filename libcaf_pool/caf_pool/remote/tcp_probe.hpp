#pragma once

#include "caf_pool/core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace caf_pool {

/// A numeric address and a port.
struct tcp_address {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const tcp_address&, const tcp_address&) = default;
};

/// Reads "127.0.0.1:4700", "[::1]:4700" or "localhost:4700". Names are refused,
/// because asking for them may block for as long as a name server likes.
result<tcp_address> parse_address(std::string_view str);

std::string to_string(const tcp_address& x);

/// Tries whether somebody listens at an address, without blocking. CAF's own
/// connect blocks the whole middleman for minutes if packets are dropped.
///
/// Thread-safety: none.
class tcp_probe {
public:
  enum class state { idle, pending, open, failed };

  tcp_probe() = default;
  tcp_probe(const tcp_probe&) = delete;
  tcp_probe& operator=(const tcp_probe&) = delete;

  ~tcp_probe();

  /// Begins; ends a former try.
  state start(const tcp_address& where);

  /// Looks how it goes.
  state poll();

  /// What the operating system said; empty unless it failed.
  const std::string& reason() const noexcept {
    return reason_;
  }

  void stop() noexcept;

private:
  state fail(int code);

  int fd_ = -1;
  state state_ = state::idle;
  std::string reason_;
};

} // namespace caf_pool
