#include "caf_pool/runtime.hpp"

#include "caf_pool/actor/configure.hpp"
#include "caf_pool/caf/caf_compat_thread.hpp"

#include <mutex>

namespace caf_pool {

struct runtime::impl {
  struct config : caf::actor_system_config {
    config() {
      configure_pools(*this);
    }
  };

  config cfg;
  caf::actor_system system{cfg};
};

std::shared_ptr<runtime> runtime::shared() {
  static std::mutex mutex;
  static std::weak_ptr<runtime> current;
  auto guard = std::lock_guard{mutex};
  auto result = current.lock();
  if (result == nullptr)
    current = result = std::make_shared<runtime>();
  return result;
}

runtime::runtime() {
  auto visit = visiting_thread{};
  impl_ = std::make_unique<impl>();
}

runtime::~runtime() {
  // nop
}

caf::actor_system& runtime::system() noexcept {
  return impl_->system;
}

} // namespace caf_pool
