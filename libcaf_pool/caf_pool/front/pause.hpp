#pragma once

#include <cstdint>
#include <thread>

namespace caf_pool {

/// Tells the core that the thread spins.
inline void pause_briefly() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Passes the time after the `n`-th failed try: every eighth gives the core
/// away, because the thread that must let go may be waiting for it.
inline void pause_after(std::uint32_t n) noexcept {
  if (n % 8 == 7)
    std::this_thread::yield();
  else
    pause_briefly();
}

} // namespace caf_pool
