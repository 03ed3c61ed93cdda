#include "caf_pool/node/signals.hpp"

#include <pthread.h>

#include <csignal>
#include <ctime>

namespace caf_pool {

namespace {

sigset_t awaited() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

} // namespace

void block_signals() {
  auto set = awaited();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
}

node_signal wait_for_signal(duration limit) {
  auto set = awaited();
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit);
  timespec time{};
  time.tv_sec = seconds.count();
  time.tv_nsec = (limit - seconds).count();
  switch (sigtimedwait(&set, nullptr, &time)) {
    case SIGTERM:
    case SIGINT:
      return node_signal::stop;
    case SIGHUP:
      return node_signal::reload;
    default:
      return node_signal::none;
  }
}

} // namespace caf_pool
