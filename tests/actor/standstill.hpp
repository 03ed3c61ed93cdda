#pragma once

#include "caf_pool/any_pool.hpp"

#include "support/catch_compat.hpp"
#include "support/eventually.hpp"

#include <atomic>
#include <memory>

namespace caf_pool::test {

/// Keeps a pool's actor from everything else until the end of its scope.
class standstill {
public:
  explicit standstill(any_pool& db) {
    // Such handlers run on the actor's thread.
    db.acquire_async([held = box_](result<lease>) {
      held->begun = true;
      held->over.wait(false);
    });
    REQUIRE(eventually([this] { return box_->begun.load(); }));
  }

  standstill(const standstill&) = delete;
  standstill& operator=(const standstill&) = delete;

  ~standstill() {
    box_->over = true;
    box_->over.notify_all();
  }

private:
  struct box {
    std::atomic<bool> begun{false};
    std::atomic<bool> over{false};
  };

  std::shared_ptr<box> box_ = std::make_shared<box>();
};

} // namespace caf_pool::test
