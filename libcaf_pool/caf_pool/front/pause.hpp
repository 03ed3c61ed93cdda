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

/// Passes the time after the `n`-th failed try. The first tries bet on a holder
/// that runs on another core and needs it for nanoseconds only. The others give
/// the core away, because the thread that must let go may be waiting for it;
/// where no thread does, that is merely a longer pause.
inline void pause_after(std::uint32_t n) noexcept {
  if (n < 8)
    pause_briefly();
  else
    std::this_thread::yield();
}

} // namespace caf_pool
