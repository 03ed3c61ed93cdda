#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace caf_pool::test {

/// A TCP proxy between a client and a server of this machine that fails in the
/// ways in which networks fail.
///
/// ~~~
/// chaos_proxy net{server.port()};
/// config.options["port"] = std::to_string(net.port());
/// net.set(chaos_proxy::mode::stall);
/// ~~~
///
/// Thread-safety: all members from any thread.
class chaos_proxy {
public:
  enum class mode : std::uint8_t {
    /// Carries bytes.
    pass,
    /// Takes connections and bytes, but carries nothing; both sides believe
    /// that all is well. What was held back is carried by the next `pass`.
    stall,
    /// Nobody listens: new connections are refused at once.
    refuse,
    /// New connections get no answer at all, as behind a firewall that drops.
    blackhole,
  };

  enum class direction : std::uint8_t { to_server, to_client };

  /// Carries to a port of 127.0.0.1.
  explicit chaos_proxy(std::uint16_t target);

  ~chaos_proxy();

  /// Where clients connect to, on 127.0.0.1.
  std::uint16_t port() const noexcept;

  void set(mode x);

  /// Every byte arrives so much later, in both directions.
  void delay(std::chrono::nanoseconds x);

  /// Carries so many bytes in a second and direction at most; 0 is no limit.
  void throttle(std::size_t bytes_per_second);

  /// Resets each connection as soon as it has carried so many bytes in this
  /// direction, from now on; bytes beyond are dropped.
  void cut_after(direction backend, std::size_t bytes);

  /// Ends all connections as a closing program does, on both sides.
  void cut();

  /// Ends all connections by a reset, on both sides.
  void reset();

  /// Half-open: the server's sides end, the clients are told nothing.
  void lose_server();

  /// Counts the connections that were taken, and those that are open.
  std::size_t connects() const;
  std::size_t open() const;

  /// Counts the bytes that arrived from clients and from the server.
  std::size_t bytes(direction backend) const;

private:
  class engine;
  std::unique_ptr<engine> engine_;
};

} // namespace caf_pool::test
