#pragma once

#include "caf_pool/core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace caf_pool::wire {

/// Puts payloads together that come in parts. They come one after the other, so
/// it never holds more than one payload's bytes, and makes room only for what
/// came: a size is only a claim.
///
/// Thread-safety: like a plain value.
class part_collector {
public:
  /// A payload of some bytes is to follow, behind those that were announced
  /// before. Returns `result_too_large`, and expects nothing, beyond
  /// `max_payload`; `protocol_mismatch` if that request has one already.
  result<void> expect(std::uint64_t request, std::uint64_t size);

  /// Takes the next part in. Returns the payload when it is complete. Parts of
  /// payloads that nobody expects (any more) are ignored. Returns
  /// `protocol_mismatch`, and forgets the payload, for a part that is not of
  /// the payload whose turn it is, or that is too long.
  result<std::optional<std::string>> add(std::uint64_t request,
                                         std::string_view bytes);

  /// The payload of a request is not wanted any more, if there is one.
  void forget(std::uint64_t request);

  void clear() noexcept;

  /// Returns how many bytes it holds.
  std::size_t bytes() const noexcept {
    return gathered_.size();
  }

private:
  struct announcement {
    std::uint64_t request = 0;
    std::uint64_t size = 0;
  };

  std::deque<announcement>::iterator find(std::uint64_t request);

  std::deque<announcement> expected_;
  /// What came of the first one.
  std::string gathered_;
};

} // namespace caf_pool::wire
