#pragma once

#include <caf/config.hpp>
#include <caf/logger.hpp>

namespace caf_pool {

/// A thread that is not CAF's while it talks to an actor system.
///
/// Until CAF 0.18 a thread that makes a system, spawns an actor or has a scoped
/// actor keeps the system's logger from then on, and the system's destructor
/// waits for the end of that logger: for ever, if it runs on another thread and
/// this one goes on. This lets go of it.
///
/// ~~~
/// auto visit = visiting_thread{};
/// auto self = caf::scoped_actor{sys};
/// ~~~
///
/// Thread-safety: the thread's own.
class visiting_thread {
public:
#ifndef CAF_VERSION_MAJOR // before 0.18
  visiting_thread() noexcept : before_(caf::logger::current_logger()) {
    // nop
  }

  ~visiting_thread() {
    if (caf::logger::current_logger() != before_)
      caf::logger::set_current_actor_system(nullptr);
  }
#else
  visiting_thread() noexcept {
    // nop
  }
#endif

  visiting_thread(const visiting_thread&) = delete;
  visiting_thread& operator=(const visiting_thread&) = delete;

private:
#ifndef CAF_VERSION_MAJOR // before 0.18
  const caf::logger* before_;
#endif
};

} // namespace caf_pool
