#include "caf_pool/front/parking.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

namespace caf_pool {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

// The kernel's absolute deadlines are by CLOCK_MONOTONIC, which is what the
// steady clock shows.
void park(std::atomic<std::uint32_t>& word, std::uint32_t expected,
          time_point deadline) noexcept {
  auto since_boot = std::max(deadline.time_since_epoch(), duration::zero());
  auto seconds = std::chrono::floor<std::chrono::seconds>(since_boot);
  timespec until{};
  until.tv_sec = static_cast<std::time_t>(seconds.count());
  until.tv_nsec = static_cast<long>((since_boot - seconds).count());
  syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected,
          deadline == never ? nullptr : &until, nullptr,
          FUTEX_BITSET_MATCH_ANY);
}

void unpark(std::atomic<std::uint32_t>& word) noexcept {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

} // namespace caf_pool
