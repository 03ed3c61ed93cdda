#include "support/chaos_proxy.hpp"

#include "support/chaos_socket.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <limits>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace caf_pool::test {

namespace {

using steady = std::chrono::steady_clock;

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

// Bytes on their way.
struct packet {
  std::string bytes;
  steady::time_point due;
};

// One direction of one connection.
struct lane {
  int from = -1;
  int to = -1;
  std::deque<packet> packets;
  std::size_t budget = no_limit;
  bool ended = false;
  // When the next byte may go, if there is a speed limit.
  steady::time_point next_send{};
};

struct wire {
  chaos_socket client;
  chaos_socket server;
  std::array<lane, 2> lanes;
  bool dead = false;

  wire(chaos_socket c, chaos_socket s)
    : client(std::move(c)), server(std::move(s)) {
    lanes[0].from = lanes[1].to = client.fd();
    lanes[0].to = lanes[1].from = server.fd();
  }
};

} // namespace

// -- engine: one thread that carries everything -------------------------------

class chaos_proxy::engine {
public:
  explicit engine(std::uint16_t target)
    : target_(target),
      listener_(chaos_socket::listen(0, 64)),
      port_(listener_.port()),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { run(); }) {
    // nop
  }

  ~engine() {
    change([this] { stopping_ = true; });
    thread_.join();
  }

  // Changes something and lets the thread know.
  template <class F>
  void change(F&& f) {
    {
      std::lock_guard guard{mtx};
      f();
    }
    std::uint64_t one = 1;
    [[maybe_unused]] auto n = ::write(wake_.fd(), &one, sizeof(one));
  }

  std::uint16_t port() const noexcept {
    return port_;
  }

  void change_mode(mode x);
  void end_all(bool by_reset);
  void lose_servers();
  void set_budget(direction backend, std::size_t bytes);

  mutable std::mutex mtx;
  std::chrono::nanoseconds delay{};
  std::size_t bytes_per_second = 0;
  std::size_t connects = 0;
  std::array<std::size_t, 2> bytes{};
  std::list<wire> wires;

private:
  void run();
  void set_mode(mode x);
  std::vector<pollfd> interests(steady::time_point now, int& timeout_ms);
  void accept_one();
  void serve(wire& x, steady::time_point now);
  void receive(lane& x, std::size_t backend, steady::time_point now);
  bool send(lane& x, steady::time_point now);

  std::uint16_t target_;
  chaos_socket listener_;
  std::uint16_t port_;
  // Fill the listener's queue, such that the kernel drops what comes.
  std::vector<chaos_socket> fillers_;
  chaos_socket wake_;
  mode mode_ = mode::pass;
  mode wanted_mode_ = mode::pass;
  std::condition_variable mode_set_;
  std::array<std::size_t, 2> budgets_{no_limit, no_limit};
  bool stopping_ = false;
  std::thread thread_;
};

void chaos_proxy::engine::change_mode(mode x) {
  change([&] { wanted_mode_ = x; });
  std::unique_lock guard{mtx};
  mode_set_.wait(guard, [&] { return mode_ == wanted_mode_; });
}

// Called by the thread itself: a socket that a poll looks at is not closed.
void chaos_proxy::engine::set_mode(mode x) {
  auto listening = mode_ == mode::pass || mode_ == mode::stall;
  mode_ = x;
  mode_set_.notify_all();
  fillers_.clear();
  switch (x) {
    case mode::pass:
    case mode::stall:
      if (listening)
        return;
      listener_ = {};
      listener_ = chaos_socket::listen(port_, 64);
      break;
    case mode::refuse:
      listener_ = {};
      break;
    case mode::blackhole:
      listener_ = {};
      listener_ = chaos_socket::listen(port_, 0);
      for (int i = 0; i < 4; ++i)
        fillers_.push_back(chaos_socket::start_connecting(port_));
      break;
  }
}

void chaos_proxy::engine::end_all(bool by_reset) {
  for (auto& x : wires) {
    if (by_reset) {
      x.client.reset_on_close();
      x.server.reset_on_close();
    }
    x.dead = true;
  }
}

void chaos_proxy::engine::lose_servers() {
  for (auto& x : wires) {
    x.server = {};
    for (auto& lane : x.lanes) {
      lane.ended = true;
      lane.packets.clear();
    }
  }
}

void chaos_proxy::engine::set_budget(direction backend, std::size_t n) {
  auto i = static_cast<std::size_t>(backend);
  budgets_[i] = n;
  for (auto& x : wires)
    x.lanes[i].budget = n;
}

void chaos_proxy::engine::run() {
  for (;;) {
    std::vector<pollfd> fds;
    int timeout_ms = -1;
    {
      std::lock_guard guard{mtx};
      if (stopping_)
        return;
      fds = interests(steady::now(), timeout_ms);
    }
    ::poll(fds.data(), fds.size(), timeout_ms);
    std::uint64_t count = 0;
    [[maybe_unused]] auto n = ::read(wake_.fd(), &count, sizeof(count));
    std::lock_guard guard{mtx};
    if (wanted_mode_ != mode_)
      set_mode(wanted_mode_);
    if (mode_ == mode::pass || mode_ == mode::stall)
      accept_one();
    for (auto& x : wires)
      serve(x, steady::now());
    wires.remove_if([](const wire& x) { return x.dead; });
  }
}

// What the thread sleeps on, and for how long at most.
std::vector<pollfd> chaos_proxy::engine::interests(steady::time_point now,
                                                   int& timeout_ms) {
  std::vector<pollfd> result{{wake_.fd(), POLLIN, 0}};
  auto wait_until = [&](steady::time_point when) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(when - now);
    auto ms = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    timeout_ms = timeout_ms < 0 ? ms : std::min(timeout_ms, ms);
  };
  if (mode_ == mode::pass || mode_ == mode::stall)
    result.push_back({listener_.fd(), POLLIN, 0});
  for (auto& x : wires) {
    if (mode_ == mode::stall)
      continue;
    for (auto& lane : x.lanes) {
      if (!lane.ended)
        result.push_back({lane.from, POLLIN, 0});
      if (lane.packets.empty())
        continue;
      auto when = std::max(lane.packets.front().due, lane.next_send);
      if (when > now)
        wait_until(when);
      else
        result.push_back({lane.to, POLLOUT, 0});
    }
  }
  return result;
}

void chaos_proxy::engine::accept_one() {
  auto client = listener_.accept();
  if (!client.valid())
    return;
  ++connects;
  auto server = chaos_socket::connect(target_);
  if (!server.valid()) {
    client.reset_on_close();
    return;
  }
  auto& x = wires.emplace_back(std::move(client), std::move(server));
  for (std::size_t i = 0; i < 2; ++i)
    x.lanes[i].budget = budgets_[i];
}

void chaos_proxy::engine::serve(wire& x, steady::time_point now) {
  if (x.dead || mode_ == mode::stall)
    return;
  for (std::size_t backend = 0; backend < 2; ++backend) {
    auto& lane = x.lanes[backend];
    if (!lane.ended)
      receive(lane, backend, now);
    if (!send(lane, now)) {
      x.client.reset_on_close();
      x.server.reset_on_close();
      x.dead = true;
      return;
    }
    // A side that closed is passed on when everything before it is.
    if (lane.ended && lane.packets.empty() && x.server.valid())
      x.dead = true;
  }
}

void chaos_proxy::engine::receive(lane& x, std::size_t backend,
                                  steady::time_point now) {
  std::array<char, 16384> buf;
  auto n = ::recv(x.from, buf.data(), buf.size(), MSG_DONTWAIT);
  if (n > 0) {
    auto size = static_cast<std::size_t>(n);
    bytes[backend] += size;
    x.packets.push_back({{buf.data(), size}, now + delay});
  } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
    x.ended = true;
  }
}

// Returns false if the connection is to be reset.
bool chaos_proxy::engine::send(lane& x, steady::time_point now) {
  while (!x.packets.empty() && x.packets.front().due <= now
         && x.next_send <= now) {
    auto& bytes_left = x.packets.front().bytes;
    auto size = std::min(bytes_left.size(), x.budget);
    if (bytes_per_second > 0)
      // A tenth of a second's worth at a time.
      size = std::min(size, std::max<std::size_t>(bytes_per_second / 10, 1));
    auto n = ::send(x.to, bytes_left.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0)
      return errno == EAGAIN || errno == EINTR;
    auto sent = static_cast<std::size_t>(n);
    bytes_left.erase(0, sent);
    if (x.budget != no_limit)
      x.budget -= sent;
    if (x.budget == 0)
      return false;
    if (bytes_left.empty())
      x.packets.pop_front();
    if (bytes_per_second > 0)
      x.next_send = now
                    + std::chrono::nanoseconds{1'000'000'000}
                        * static_cast<std::int64_t>(sent)
                        / static_cast<std::int64_t>(bytes_per_second);
  }
  return true;
}

// -- chaos_proxy --------------------------------------------------------------

chaos_proxy::chaos_proxy(std::uint16_t target)
  : engine_(std::make_unique<engine>(target)) {
  // nop
}

chaos_proxy::~chaos_proxy() = default;

std::uint16_t chaos_proxy::port() const noexcept {
  return engine_->port();
}

void chaos_proxy::set(mode x) {
  engine_->change_mode(x);
}

void chaos_proxy::delay(std::chrono::nanoseconds x) {
  engine_->change([&] { engine_->delay = x; });
}

void chaos_proxy::throttle(std::size_t bytes_per_second) {
  engine_->change([&] { engine_->bytes_per_second = bytes_per_second; });
}

void chaos_proxy::cut_after(direction backend, std::size_t bytes) {
  engine_->change([&] { engine_->set_budget(backend, bytes); });
}

void chaos_proxy::cut() {
  engine_->change([this] { engine_->end_all(false); });
}

void chaos_proxy::reset() {
  engine_->change([this] { engine_->end_all(true); });
}

void chaos_proxy::lose_server() {
  engine_->change([this] { engine_->lose_servers(); });
}

std::size_t chaos_proxy::connects() const {
  std::lock_guard guard{engine_->mtx};
  return engine_->connects;
}

std::size_t chaos_proxy::open() const {
  std::lock_guard guard{engine_->mtx};
  return static_cast<std::size_t>(
    std::count_if(engine_->wires.begin(), engine_->wires.end(),
                  [](const wire& x) { return !x.dead; }));
}

std::size_t chaos_proxy::bytes(direction backend) const {
  std::lock_guard guard{engine_->mtx};
  return engine_->bytes[static_cast<std::size_t>(backend)];
}

} // namespace caf_pool::test
