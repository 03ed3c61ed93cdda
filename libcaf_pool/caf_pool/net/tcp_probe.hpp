#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"

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

/// Tries whether a node listens at an address, without blocking. CAF's own
/// connect blocks the whole middleman for minutes if packets are dropped, and
/// waits for ever for a greeting that another server does not send.
///
/// Thread-safety: none.
class tcp_probe {
public:
  enum class state {
    idle,
    pending,
    /// The peer greeted as a node does, or closed before it said anything.
    open,
    /// There is no connection.
    failed,
    /// Somebody else than a node answers.
    stranger
  };

  tcp_probe() = default;
  tcp_probe(const tcp_probe&) = delete;
  tcp_probe& operator=(const tcp_probe&) = delete;

  ~tcp_probe();

  /// Begins; ends a former try.
  state start(const tcp_address& where);

  /// Looks how it goes.
  state poll();

  /// What the operating system said, or who answers instead of a node; empty
  /// otherwise.
  const std::string& reason() const noexcept {
    return reason_;
  }

  /// Whether the connection was made.
  bool connected() const noexcept {
    return connected_;
  }

  void stop() noexcept;

private:
  state fail(int code);
  state finish(state x);
  bool look_for_connection();
  state listen();
  state judge(bool over);
  void ask();

  int fd_ = -1;
  state state_ = state::idle;
  std::string reason_;
  std::string address_;
  /// What the peer said.
  std::string said_;
  bool connected_ = false;
  bool asked_ = false;
  /// Since when nothing has come.
  time_point quiet_since_{};
};

} // namespace caf_pool
