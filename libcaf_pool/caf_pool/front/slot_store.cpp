#include "caf_pool/front/slot_store.hpp"

namespace caf_pool {

bool slot_store::grow(slot_index size) {
  if (size > max_size)
    return false;
  for (auto n = size_.load(std::memory_order_relaxed); n < size;) {
    chunks_[n / chunk_size].store(new slot[chunk_size],
                                  std::memory_order_release);
    n += chunk_size;
    size_.store(n, std::memory_order_release);
  }
  return true;
}

} // namespace caf_pool
