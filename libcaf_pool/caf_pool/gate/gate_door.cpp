#include "caf_pool/gate/gate_door.hpp"

#include "caf_pool/caf/caf_compat_basp.hpp"
#include "caf_pool/gate/descriptors.hpp"
#include "caf_pool/gate/door_keeper.hpp"
#include "caf_pool/net/fd_reserve.hpp"
#include "caf_pool/net/listen_error.hpp"

#include <caf/actor_system.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>
#include <caf/send.hpp>

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace caf_pool {

namespace {

/// After a failure to accept that will not go away at once.
constexpr duration accept_pause = std::chrono::milliseconds{100};

/// Sockets on their way to CAF at a time.
constexpr int max_handed_over = 16;

/// Peers that are turned away in one go when there are no descriptors.
constexpr int max_turned_away = 64;

/// A line about refusals at most this often.
constexpr duration log_pause = std::chrono::seconds{10};

struct address_list {
  addrinfo* first = nullptr;

  ~address_list() {
    if (first != nullptr)
      ::freeaddrinfo(first);
  }
};

/// Returns a socket that listens, or the number of what went wrong, negative.
int listen_at(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  address_list found;
  if (::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints,
                    &found.first)
      != 0)
    return -EADDRNOTAVAIL;
  auto fd = ::socket(found.first->ai_family,
                     SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  auto on = 1;
  if (fd >= 0 && ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0
      && ::bind(fd, found.first->ai_addr, found.first->ai_addrlen) == 0
      && ::listen(fd, SOMAXCONN) == 0)
    return fd;
  auto why = errno;
  if (fd >= 0)
    ::close(fd);
  return -why;
}

std::uint16_t port_of(int listener) {
  sockaddr_storage where{};
  socklen_t size = sizeof(where);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&where), &size);
  auto port = where.ss_family == AF_INET6
                ? reinterpret_cast<sockaddr_in6&>(where).sin6_port
                : reinterpret_cast<sockaddr_in&>(where).sin_port;
  return ntohs(port);
}

bool out_of_descriptors(int number) {
  return number == EMFILE || number == ENFILE || number == ENOBUFS
         || number == ENOMEM;
}

/// Numbers are given from below: so the number tells how many are in use. The
/// last ones are not for peers.
bool too_high(int socket) {
  auto all = descriptors::limit();
  return static_cast<std::uint64_t>(socket)
         >= all - std::min(all / 4, descriptors::own_use);
}

} // namespace

struct gate_door::impl {
  caf::actor_system& sys;
  door_options options;
  int listener;
  std::uint16_t port;
  /// Wakes the thread.
  int bell;
  std::mutex mutex; // guards `keeper` and `closed`
  door_keeper_ptr keeper;
  bool closed = false;
  std::atomic<bool> over{false};
  std::shared_ptr<std::atomic<int>> handed_over
    = std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<door_keeper::strangers> strangers
    = std::make_shared<door_keeper::strangers>();
  std::thread thread;

  // Of the thread alone.
  detail::fd_reserve reserve;
  time_point paused_until{};
  time_point next_look{};
  time_point next_line{};
  std::uint64_t told = 0;

  impl(caf::actor_system& system, door_options x, int fd)
    : sys(system),
      options(std::move(x)),
      listener(fd),
      port(port_of(fd)),
      bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    thread = std::thread{[this] { run(); }};
  }

  ~impl() {
    over = true;
    wake();
    thread.join();
    ::close(bell);
    ::close(listener);
  }

  caf::actor broker() {
    return sys.middleman().named_broker<caf::io::basp_broker>(basp_name);
  }

  door_keeper_ptr present() {
    auto guard = std::lock_guard{mutex};
    return closed ? nullptr : keeper;
  }

  duration look_period() const {
    return std::clamp<duration>(options.login_timeout / 4,
                                std::chrono::milliseconds{10},
                                std::chrono::seconds{1});
  }

  std::uint64_t refusals() const {
    return options.counters->turned_away + options.counters->silent_peers;
  }

  void wake() noexcept {
    std::uint64_t one = 1;
    [[maybe_unused]] auto n = ::write(bell, &one, sizeof(one));
  }

  void run();
  int milliseconds_to_wait(time_point now);
  bool accept_some();
  void turn_away();
  void hand_over(int socket);
  void look(time_point now);
  void tell(time_point now);
};

void gate_door::impl::run() {
  while (!over) {
    auto now = clock::now();
    auto may_accept = now >= paused_until && *handed_over < max_handed_over
                      && present() != nullptr;
    pollfd fds[] = {{bell, POLLIN, 0}, {may_accept ? listener : -1, POLLIN, 0}};
    ::poll(fds, 2, milliseconds_to_wait(now));
    std::uint64_t rings = 0;
    [[maybe_unused]] auto n = ::read(bell, &rings, sizeof(rings));
    if (fds[1].revents != 0 && !accept_some())
      paused_until = clock::now() + accept_pause;
    look(clock::now());
    tell(clock::now());
  }
}

int gate_door::impl::milliseconds_to_wait(time_point now) {
  using std::chrono::milliseconds;
  auto until = never;
  if (now < paused_until)
    until = paused_until;
  if (auto who = present(); *handed_over > 0 || (who && who->size() > 0))
    until = std::min(until, std::max(next_look, now + milliseconds{1}));
  if (*handed_over >= max_handed_over)
    until = now + milliseconds{1};
  if (options.log && refusals() != told)
    until = std::min(until, next_line);
  if (until == never)
    return -1;
  auto left = std::chrono::ceil<milliseconds>(until - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

/// Returns false if it makes no sense to try again at once.
bool gate_door::impl::accept_some() {
  while (*handed_over < max_handed_over) {
    auto socket
      = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket >= 0 && !too_high(socket)) {
      hand_over(socket);
    } else if (socket >= 0) {
      ::close(socket);
      ++options.counters->turned_away;
      turn_away();
      return false;
    } else if (out_of_descriptors(errno)) {
      turn_away();
      return false;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return errno == EAGAIN;
    }
  }
  return true;
}

/// Hangs up on those who wait: they shall try elsewhere, or later.
void gate_door::impl::turn_away() {
  reserve.give_up();
  for (auto i = 0; i < max_turned_away; ++i) {
    auto socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0)
      break;
    ::close(socket);
    ++options.counters->turned_away;
  }
  reserve.refill();
}

void gate_door::impl::hand_over(int socket) {
  auto who = present();
  if (!who) {
    ::close(socket);
    return;
  }
  ++*handed_over;
  sys.middleman().backend().post([who, socket, max = options.max_connections,
                                  counters = options.counters,
                                  under_way = handed_over] {
    if (!who->let_in(socket, max))
      ++counters->turned_away;
    --*under_way;
  });
}

void gate_door::impl::look(time_point now) {
  auto who = present();
  if (now < next_look || !who)
    return;
  next_look = now + look_period();
  if (who->size() > 0 || *handed_over > 0)
    sys.middleman().backend().post([who, who_is_in = options.who_is_in,
                                    limit = options.login_timeout,
                                    counters = options.counters] {
      counters->silent_peers += who->cut_off_silent(who_is_in(), limit);
    });
}

void gate_door::impl::tell(time_point now) {
  auto& x = *options.counters;
  auto all = refusals();
  if (all == told || now < next_line || !options.log)
    return;
  told = all;
  next_line = now + log_pause;
  options.log->write(
    severity::warning, "remote_peers_refused",
    {{"turned_away", std::to_string(x.turned_away)},
     {"silent", std::to_string(x.silent_peers)},
     {"text",
      "since the start: turned away because remote.max_connections or the "
      "limit of open files was reached, or cut off because they did not log "
      "in within remote.login_timeout"}});
}

// -- gate_door ----------------------------------------------------------------

gate_door::gate_door(std::unique_ptr<impl> x) : impl_(std::move(x)) {
  // nop
}

gate_door::~gate_door() {
  close();
}

result<std::unique_ptr<gate_door>> gate_door::open(caf::actor_system& sys,
                                                   door_options options) {
  auto listener = listen_at(options.address, options.port);
  if (listener < 0)
    return cannot_listen(
      {"the gate for remote clients", "remote", options.address, options.port},
      {-listener, std::generic_category()});
  auto x = std::make_unique<impl>(sys, std::move(options), listener);
  return std::unique_ptr<gate_door>{new gate_door{std::move(x)}};
}

std::uint16_t gate_door::port() const noexcept {
  return impl_->port;
}

void gate_door::lead_to(const wire::gate_handle& gate) {
  auto& x = *impl_;
  auto guard = std::lock_guard{x.mutex};
  if (x.closed)
    return;
  auto basp = x.broker();
  if (x.keeper)
    caf::anon_send(basp, close_word, x.port);
  x.keeper = caf::make_counted<door_keeper>(x.listener, x.options.address,
                                            x.port, x.strangers);
  caf::anon_send(basp, publish_word, caf::io::doorman_ptr{x.keeper}, x.port,
                 caf::actor_cast<caf::strong_actor_ptr>(gate),
                 x.sys.message_types(gate));
  x.wake();
}

void gate_door::close() {
  auto& x = *impl_;
  auto guard = std::lock_guard{x.mutex};
  if (std::exchange(x.closed, true))
    return;
  ::shutdown(x.listener, SHUT_RD);
  if (x.keeper)
    caf::anon_send(x.broker(), close_word, x.port);
}

} // namespace caf_pool
