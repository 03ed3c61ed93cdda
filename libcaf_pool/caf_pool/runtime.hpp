#pragma once

#include <memory>

namespace caf {
class actor_system;
} // namespace caf

namespace caf_pool {

/// The actor system of programs that have none. Made with the first pool,
/// shared by all, gone with the last.
///
/// Thread-safety: all members from any thread.
class runtime {
public:
  /// Returns the runtime that is in use, or makes one.
  static std::shared_ptr<runtime> shared();

  runtime();
  ~runtime();
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  caf::actor_system& system() noexcept;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace caf_pool
