#pragma once

#include "caf_pool/core/time.hpp"

#include <string>
#include <string_view>

namespace caf_pool {

/// Writes lines to a pipe, terminal, socket or file that may be left unread,
/// and never waits for its reader for longer than `patience`. After that it
/// does not wait at all, until somebody reads again.
///
/// Thread-safety: one thread at a time.
class line_writer {
public:
  static constexpr duration write_limit = std::chrono::seconds{1};

  /// The descriptor stays the caller's, blocking or not.
  explicit line_writer(int fd) : fd_(fd) {
    // nop
  }

  /// Writes a line with its end. Returns false if it could not be written, or
  /// only in part: the next line begins on a line of its own.
  bool write(std::string_view line);

private:
  bool wait(time_point deadline) const;

  int fd_;
  /// Nobody read in time.
  bool stuck_ = false;
  /// The last line was cut off.
  bool torn_ = false;
};

} // namespace caf_pool
