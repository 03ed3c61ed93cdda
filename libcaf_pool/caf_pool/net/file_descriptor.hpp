#pragma once

#include <unistd.h>

namespace caf_pool::detail {

/// Closes a file at the end of its scope.
///
/// Thread-safety: like a plain value.
class file_descriptor {
public:
  /// Takes what `open` returned, -1 included.
  explicit file_descriptor(int fd) noexcept : fd_(fd) {
    // nop
  }

  file_descriptor(const file_descriptor&) = delete;

  file_descriptor& operator=(const file_descriptor&) = delete;

  ~file_descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }

  bool valid() const noexcept {
    return fd_ >= 0;
  }

  int get() const noexcept {
    return fd_;
  }

private:
  int fd_;
};

} // namespace caf_pool::detail
