#include "caf_pool/admin/http/server.hpp"

#include "caf_pool/admin/http/session.hpp"
#include "caf_pool/admin/watch.hpp"
#include "caf_pool/net/fd_reserve.hpp"
#include "caf_pool/net/listen_error.hpp"
#include "caf_pool/settings/validate.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <signal.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace caf_pool {

namespace {

namespace net = boost::asio;
using detail::session_host;
using net::ip::tcp;
using asio_error = boost::system::error_code;

/// Connections beyond the limit that are told so; what is beyond that is just
/// closed.
constexpr int max_refusals = 16;

/// After a failure to accept that will not go away at once.
constexpr duration accept_pause = std::chrono::milliseconds{100};

class server_core;

// Where answers of the manager arrive, also when the server is gone.
class letter_box {
public:
  explicit letter_box(server_core* owner) : owner_(owner) {
    // nop
  }

  void put(std::uint64_t look, result<std::vector<pool_snapshot>> found);

  void close() {
    std::lock_guard guard{mutex_};
    owner_ = nullptr;
  }

private:
  std::mutex mutex_;
  server_core* owner_;
};

// Everything that the thread works on.
class server_core : public session_host {
public:
  server_core(admin_source source, const admin_limits& limits)
    : limits_(limits), source_(std::move(source)), watch_(source_.families) {
    // nop
  }

  ~server_core() override {
    waiting_.clear(); // before io_
  }

  asio_error listen(const net::ip::address& address, std::uint16_t port) {
    asio_error err;
    tcp::endpoint where{address, port};
    acceptor_.open(where.protocol(), err);
    if (!err)
      acceptor_.set_option(tcp::acceptor::reuse_address{true}, err);
    if (!err)
      acceptor_.bind(where, err);
    if (!err)
      acceptor_.listen(net::socket_base::max_listen_connections, err);
    return err;
  }

  std::uint16_t port() const {
    return acceptor_.local_endpoint().port();
  }

  void run() {
    net::post(io_, [this] {
      accept();
      look_again();
    });
    for (;;) {
      try {
        io_.run();
        return;
      } catch (const std::exception&) {
        // Memory ran out for one connection, which is closed by now, or for one
        // look: there will be others.
      }
    }
  }

  // -- called on other threads ------------------------------------------------

  void close() {
    box_->close();
    io_.stop();
  }

  void post_found(std::uint64_t look,
                  result<std::vector<pool_snapshot>> found) {
    net::post(io_, [this, look, found = std::move(found)]() mutable {
      on_found(look, std::move(found));
    });
  }

  // -- called by sessions -----------------------------------------------------

  const admin_limits& limits() const noexcept override {
    return limits_;
  }

  detail::guest_list& guests() noexcept override {
    return guests_;
  }

  void refused(int more) noexcept override {
    refusals_ += more;
  }

  void closed() noexcept override {
    reserve_.refill();
  }

  std::uint64_t look(std::shared_ptr<net::steady_timer> bell) override {
    auto look = watch_.want();
    std::erase_if(waiting_, [now = clock::now()](auto& x) {
      return x.bell->expiry() < now;
    });
    waiting_.push_back({look, std::move(bell)});
    start_look();
    return look;
  }

  admin_facts facts(std::uint64_t look) override {
    admin_facts result;
    result.name = source_.name;
    result.version = source_.version;
    result.config = source_.config;
    result.node = source_.node();
    if (look != 0)
      result.pools = watch_.report(look, clock::now());
    return result;
  }

private:
  // A session that waits for a look.
  struct waiting_session {
    std::uint64_t look;
    std::shared_ptr<net::steady_timer> bell;
  };

  // -- connections ------------------------------------------------------------

  void accept() {
    acceptor_.async_accept([this](asio_error err, tcp::socket socket) {
      if (err) {
        on_accept_failed(err);
        return;
      }
      accept();
      if (guests_.size() < limits_.max_connections || make_room())
        detail::serve_session(std::move(socket), *this);
      else if (refusals_ < max_refusals)
        detail::refuse_session(std::move(socket), *this);
    });
  }

  // Slow clients shall not keep others from asking whether the process lives.
  bool make_room() noexcept {
    auto slowest = std::find_if(guests_.begin(), guests_.end(),
                                [](auto* x) { return x->waits_for_client(); });
    if (slowest == guests_.end())
      return false;
    (*slowest)->hang_up();
    return true;
  }

  void on_accept_failed(asio_error err) {
    if (err == net::error::operation_aborted)
      return;
    auto exhausted
      = err == net::error::no_descriptors
        || err.value() == boost::system::errc::too_many_files_open_in_system;
    if (exhausted && (reserve_.give_up() || make_room())) {
      accept();
      return;
    }
    // Trying again at once would keep a core busy.
    pause_.expires_after(accept_pause);
    pause_.async_wait([this](asio_error stopped) {
      if (!stopped)
        accept();
    });
  }

  // -- looks ------------------------------------------------------------------

  void start_look() {
    if (auto look = watch_.start(clock::now()))
      source_.look([box = box_, look = *look](auto found) {
        box->put(look, std::move(found));
      });
  }

  void on_found(std::uint64_t look, result<std::vector<pool_snapshot>> found) {
    watch_.done(look, std::move(found), clock::now(),
                std::chrono::system_clock::now());
    std::erase_if(waiting_, [this](auto& x) {
      auto ended = watch_.ended(x.look);
      if (ended)
        x.bell->cancel();
      return ended;
    });
    start_look();
  }

  void look_again() {
    tick_.expires_after(limits_.look_interval);
    tick_.async_wait([this](asio_error stopped) {
      if (!stopped)
        look_again();
    });
    reserve_.refill();
    watch_.want();
    start_look();
  }

  const admin_limits limits_;
  const admin_source source_;
  pool_watch watch_;
  detail::fd_reserve reserve_;
  detail::guest_list guests_;
  int refusals_ = 0;
  std::shared_ptr<letter_box> box_ = std::make_shared<letter_box>(this);
  std::vector<waiting_session> waiting_;
  // Ends the sessions when it goes, which need everything above.
  net::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  net::steady_timer pause_{io_};
  net::steady_timer tick_{io_};
};

void letter_box::put(std::uint64_t look,
                     result<std::vector<pool_snapshot>> found) {
  std::lock_guard guard{mutex_};
  if (owner_ != nullptr)
    owner_->post_found(look, std::move(found));
}

// Starts a thread that takes no signals: they are for the program's own.
template <class F>
std::thread start_thread(F f) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread result{std::move(f)};
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_setname_np(result.native_handle(), "admin");
    return result;
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
}

error not_loopback(const admin_config& config) {
  return {errc::config_invalid,
          "the admin server cannot listen at " + config.address
            + ": it has neither TLS nor logins, so that it must not be "
              "reachable from other machines; use 127.0.0.1, ::1 or localhost, "
              "and a tunnel",
          {}};
}

} // namespace

// -- admin_server -------------------------------------------------------------

struct admin_server::impl {
  /// Null after `stop`.
  std::unique_ptr<server_core> core;
  std::uint16_t port = 0;
  std::mutex mutex;
  std::thread thread;
};

result<std::unique_ptr<admin_server>> admin_server::start(
  const admin_config& config, admin_source source, const admin_limits& limits) {
  if (!is_loopback(config.address))
    return not_loopback(config);
  auto text = config.address == "localhost" ? "127.0.0.1" : config.address;
  auto place = listen_place{"the admin server", "admin", text, config.port};
  auto state = std::make_unique<impl>();
  try {
    auto address = net::ip::make_address(text);
    state->core = std::make_unique<server_core>(std::move(source), limits);
    auto err = state->core->listen(address, config.port);
    if (err)
      return cannot_listen(place, err);
    state->port = state->core->port();
    state->thread = start_thread([core = state->core.get()] { core->run(); });
  } catch (const std::exception& what) {
    // Out of file descriptors or threads.
    return error{errc::open_failed,
                 std::string{"the admin server cannot start: "} + what.what(),
                 {}};
  }
  return std::unique_ptr<admin_server>{new admin_server{std::move(state)}};
}

admin_server::admin_server(std::unique_ptr<impl> state)
  : impl_(std::move(state)) {
  // nop
}

admin_server::~admin_server() {
  stop();
}

std::uint16_t admin_server::port() const noexcept {
  return impl_->port;
}

void admin_server::stop() {
  std::lock_guard guard{impl_->mutex};
  if (impl_->core == nullptr)
    return;
  impl_->core->close();
  impl_->thread.join();
  impl_->core.reset(); // closes the sockets
}

} // namespace caf_pool
