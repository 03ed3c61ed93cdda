#include "caf_pool/front/holder.hpp"

#include <atomic>

namespace caf_pool::detail {

std::uint32_t next_thread_number() noexcept {
  constinit static std::atomic<std::uint32_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

} // namespace caf_pool::detail
