#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

namespace caf_pool::wire {

/// A payload of more bytes travels in parts of this size.
inline constexpr std::size_t part_size = std::size_t{256} << 10;

/// How many parts a side sends ahead of the other's `more`.
inline constexpr std::size_t max_parts_ahead = 2;

/// The large payloads that one side has to send, one after the other, in parts.
///
/// Thread-safety: like a plain value.
class part_sender {
public:
  /// Puts a payload behind all others. Requires that it is not empty, and that
  /// there is none of that request.
  void add(std::uint64_t request, std::string payload);

  /// Calls `send(request, bytes)` for each part that may go now.
  template <class Send>
  void send_due(Send send) {
    while (!payloads_.empty() && ahead_.size() < max_parts_ahead) {
      auto request = payloads_.front().request;
      send(request, cut());
    }
  }

  /// The other side said `more`. What it says out of turn is ignored.
  void arrived(std::uint64_t request);

  /// Drops what is left of a payload, if anything is.
  void give_up(std::uint64_t request);

  void clear() noexcept;

  /// Tells whether a part of that payload is still to be sent.
  bool holds(std::uint64_t request) const noexcept;

  /// Returns how many payloads are not yet sent to their ends.
  std::size_t size() const noexcept {
    return payloads_.size();
  }

private:
  struct unsent {
    std::uint64_t request = 0;
    std::string bytes;
    std::size_t sent = 0;
  };

  /// Takes the next part off the first payload.
  std::string cut();

  std::deque<unsent> payloads_;
  /// Of the parts that the other side has not said `more` to. Parts of payloads
  /// that were given up count as well: they are on their way.
  std::deque<std::uint64_t> ahead_;
};

} // namespace caf_pool::wire
