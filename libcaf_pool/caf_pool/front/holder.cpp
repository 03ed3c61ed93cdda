#include "caf_pool/front/holder.hpp"

#include <atomic>

namespace caf_pool {

namespace {

constinit std::atomic<std::uint32_t> threads_seen{0};

constinit thread_local std::uint32_t this_thread_number = 0;

} // namespace

std::uint32_t thread_number() noexcept {
  if (this_thread_number == 0)
    this_thread_number
      = threads_seen.fetch_add(1, std::memory_order_relaxed) + 1;
  return this_thread_number;
}

} // namespace caf_pool
