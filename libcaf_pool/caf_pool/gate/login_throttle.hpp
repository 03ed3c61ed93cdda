#pragma once

#include "caf_pool/core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace caf_pool {

/// Slows down whoever guesses tokens: from the third failure on, a peer is
/// turned away unheard for a while that doubles with each further one, from one
/// second to a minute.
///
/// Thread-safety: like a plain value.
class login_throttle {
public:
  static constexpr std::uint32_t free_failures = 3;
  static constexpr duration first_pause = std::chrono::seconds{1};
  static constexpr duration longest_pause = std::chrono::minutes{1};
  /// Who did not fail for this long starts anew.
  static constexpr duration memory = std::chrono::minutes{10};
  /// Peers remembered at a time; the one that failed longest ago goes first.
  static constexpr std::size_t max_peers = 1024;

  /// Returns for how long a peer is turned away; zero if it may try.
  duration blocked_for(const std::string& peer, time_point now) const;

  void failed(const std::string& peer, time_point now);
  void succeeded(const std::string& peer);

  std::size_t size() const noexcept {
    return peers_.size();
  }

private:
  struct record {
    std::uint32_t failures = 0;
    time_point last{};
    time_point blocked_until{};
  };

  void make_room(time_point now);

  std::unordered_map<std::string, record> peers_;
};

} // namespace caf_pool
