#include "caf_pool/backend/postgres/pg_interrupter.hpp"

#include "caf_pool/net/poll_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

namespace caf_pool {

struct pg_interrupter::requests_state {
  explicit requests_state(PGconn* raw) : canceller(raw) {
    // nop
  }

  pg_canceller canceller;
  std::atomic<std::uint64_t> count = 0;
  std::mutex mtx;
  std::condition_variable done;
  bool under_way = false;
};

pg_interrupter::pg_interrupter(PGconn* raw)
  : state_(std::make_shared<requests_state>(raw)),
    socket_(::fcntl(PQsocket(raw), F_DUPFD_CLOEXEC, 0)) {
  // nop
}

pg_interrupter::~pg_interrupter() {
  close_socket();
}

void pg_interrupter::cancel() noexcept {
  auto& state = *state_;
  std::lock_guard guard{state.mtx};
  ++state.count;
  // A second request would stop the same statement.
  if (state.under_way)
    return;
  try {
    std::thread{[shared = state_] {
      shared->canceller.fire();
      std::lock_guard inner{shared->mtx};
      shared->under_way = false;
      shared->done.notify_all();
    }}.detach();
    state.under_way = true;
  } catch (const std::exception&) {
    // No thread left: whoever waits for the statement goes on waiting, until
    // its deadline at most.
  }
}

bool pg_interrupter::wait_for_requests(time_point deadline) noexcept {
  auto& state = *state_;
  std::unique_lock guard{state.mtx};
  return state.done.wait_until(guard, deadline,
                               [&state] { return !state.under_way; });
}

std::uint64_t pg_interrupter::requests() const noexcept {
  return state_->count.load();
}

void pg_interrupter::shut_down() noexcept {
  shut_down_ = true;
  std::lock_guard guard{mtx_};
  if (socket_ >= 0)
    ::shutdown(socket_, SHUT_RDWR);
}

bool pg_interrupter::wait_for_end(time_point deadline) noexcept {
  std::array<char, 4096> sink;
  while (poll_socket(socket_, POLLIN, deadline) != 0) {
    auto n = ::recv(socket_, sink.data(), sink.size(), MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
      return true;
  }
  return false;
}

void pg_interrupter::close_socket() noexcept {
  std::lock_guard guard{mtx_};
  if (socket_ >= 0)
    ::close(socket_);
  socket_ = -1;
}

} // namespace caf_pool
