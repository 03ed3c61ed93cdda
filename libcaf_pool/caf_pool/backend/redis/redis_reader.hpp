#pragma once

#include "caf_pool/core/redis_value.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace caf_pool {

/// Reads replies out of the bytes that a server sends, in pieces of any size.
/// The grammar is hiredis' own; the values are made without a detour.
///
/// An error at the top is a `redis_failure`. What is not RESP makes it fail for
/// good: where the next reply begins is then unknown.
///
/// Thread-safety: none.
class redis_reader {
public:
  redis_reader();

  ~redis_reader();

  redis_reader(redis_reader&&) noexcept;

  redis_reader& operator=(redis_reader&&) noexcept;

  /// Takes what has come.
  void feed(std::string_view bytes);

  /// Returns the next reply; none if more bytes are needed, or if it failed.
  std::optional<redis_value> next();

  bool failed() const noexcept;

  /// Says what is wrong with the bytes; empty if nothing is.
  std::string_view reason() const noexcept;

  /// Tells whether it stands between two replies and holds no bytes.
  bool empty() const noexcept;

  /// Returns how many bytes came for the reply that is not complete yet.
  std::size_t pending() const noexcept {
    return pending_;
  }

private:
  struct impl;

  std::unique_ptr<impl> impl_;
  std::size_t pending_ = 0;
};

} // namespace caf_pool
