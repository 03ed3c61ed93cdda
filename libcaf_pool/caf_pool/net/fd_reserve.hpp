#pragma once

#include <array>
#include <cstddef>

namespace caf_pool::detail {

/// File descriptors kept back for the moment when the process has used up all
/// it may have: then of all things one wants to ask it what is wrong.
///
/// Thread-safety: one thread at a time.
class fd_reserve {
public:
  fd_reserve() noexcept;

  fd_reserve(const fd_reserve&) = delete;
  fd_reserve& operator=(const fd_reserve&) = delete;

  ~fd_reserve();

  /// Takes as many back as there are to have.
  void refill() noexcept;

  /// Gives one up. Returns false if none is left.
  bool give_up() noexcept;

private:
  std::array<int, 4> fds_;
};

} // namespace caf_pool::detail
