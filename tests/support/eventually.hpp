#pragma once

#include <chrono>
#include <thread>
#include <utility>

namespace caf_pool::test {

/// How long a test waits for something that should happen soon. Far above what
/// it takes, because it only ends a hanging test: a busy machine lets a process
/// stand still for seconds, several times.
inline constexpr auto patience = std::chrono::seconds{60};

/// Waits until `condition()` holds, looking every few milliseconds. Returns
/// what it said last.
template <class Condition>
bool eventually(Condition&& condition,
                std::chrono::nanoseconds limit = patience) {
  auto deadline = std::chrono::steady_clock::now() + limit;
  auto nap = std::chrono::microseconds{100};
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline)
      return condition();
    std::this_thread::sleep_for(nap);
    if (nap < std::chrono::milliseconds{5})
      nap *= 2;
  }
  return true;
}

} // namespace caf_pool::test
