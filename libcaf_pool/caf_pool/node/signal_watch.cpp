#include "caf_pool/node/signal_watch.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <utility>

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

signal_watch::signal_watch(last_words at_once, last_words too_late)
  : at_once_(std::move(at_once)),
    too_late_(std::move(too_late)),
    bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (bell_ < 0)
    throw std::system_error{errno, std::generic_category(), "eventfd"};
  thread_ = std::thread{[this] { run(); }};
}

signal_watch::~signal_watch() {
  {
    auto guard = std::lock_guard{mutex_};
    over_ = true;
  }
  wake();
  thread_.join();
  ::close(bell_);
}

node_signal signal_watch::next(duration limit) {
  auto guard = std::unique_lock{mutex_};
  auto until = add_saturated(clock::now(), limit);
  came_.wait_until(guard, until,
                   [this] { return reload_ || (stop_ && !stop_taken_); });
  if (stop_ && !std::exchange(stop_taken_, stop_))
    return node_signal::stop;
  return std::exchange(reload_, false) ? node_signal::reload
                                       : node_signal::none;
}

void signal_watch::limit_end(duration limit) {
  {
    auto guard = std::lock_guard{mutex_};
    deadline_ = add_saturated(clock::now(), limit);
  }
  wake();
}

void signal_watch::run() {
  auto set = awaited();
  auto signals = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  pollfd fds[] = {{signals, POLLIN, 0}, {bell_, POLLIN, 0}};
  for (;;) {
    auto ready = ::poll(fds, 2, milliseconds_left());
    signalfd_siginfo info{};
    while (ready > 0 && ::read(signals, &info, sizeof(info)) == sizeof(info))
      take(static_cast<int>(info.ssi_signo));
    std::uint64_t rings = 0;
    [[maybe_unused]] auto n = ::read(bell_, &rings, sizeof(rings));
    auto guard = std::unique_lock{mutex_};
    if (over_)
      break;
    if (clock::now() < deadline_)
      continue;
    guard.unlock();
    too_late_();
    std::_Exit(EXIT_FAILURE);
  }
  ::close(signals);
}

void signal_watch::take(int number) {
  auto guard = std::unique_lock{mutex_};
  if (number == SIGHUP) {
    reload_ = true;
  } else if (std::exchange(stop_, true)) {
    guard.unlock();
    at_once_();
    std::_Exit(EXIT_FAILURE);
  }
  came_.notify_all();
}

int signal_watch::milliseconds_left() {
  auto guard = std::lock_guard{mutex_};
  if (deadline_ == never)
    return -1;
  using std::chrono::milliseconds;
  auto left = std::chrono::ceil<milliseconds>(deadline_ - clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

void signal_watch::wake() noexcept {
  std::uint64_t one = 1;
  [[maybe_unused]] auto n = ::write(bell_, &one, sizeof(one));
}

} // namespace caf_pool
