#pragma once

#include "support/eventually.hpp"

#include <future>
#include <memory>
#include <thread>
#include <utility>

namespace caf_pool::test {

/// Destroys an object on a thread of its own. False if that does not come back.
template <class T>
bool ends_elsewhere(std::unique_ptr<T> x) {
  auto over = std::promise<void>{};
  auto end = over.get_future();
  std::thread{[gone = std::move(x), over = std::move(over)]() mutable {
    gone.reset();
    over.set_value();
  }}.detach();
  return end.wait_for(patience) == std::future_status::ready;
}

} // namespace caf_pool::test
