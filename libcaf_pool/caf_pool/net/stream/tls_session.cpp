#include "caf_pool/net/stream/tls_session.hpp"

#include "caf_pool/net/poll_socket.hpp"
#include "caf_pool/net/stream/tls_error.hpp"

#include <poll.h>

#include <new>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <utility>

namespace caf_pool {

/// Puts OpenSSL on a `timed_socket`: its own sockets raise SIGPIPE and know no
/// deadline.
struct tls_socket_bio {
  static tls_session& session_of(BIO* raw) noexcept {
    return *static_cast<tls_session*>(BIO_get_data(raw));
  }

  static int read(BIO* raw, char* buf, int size) noexcept {
    auto& self = session_of(raw);
    BIO_clear_retry_flags(raw);
    auto room = std::span{buf, static_cast<std::size_t>(size)};
    std::size_t count = 0;
    if (self.read_until_ == time_point::min())
      self.io_ = self.socket_.receive_now(room, count);
    else
      self.io_ = self.socket_.receive(room, count, self.read_until_);
    if (count > 0)
      return static_cast<int>(count);
    if (self.io_ == stream_wait::done || self.io_ == stream_wait::late) {
      BIO_set_retry_read(raw);
      return -1;
    }
    self.ended_ = self.io_ == stream_wait::closed;
    return self.ended_ ? 0 : -1;
  }

  static int write(BIO* raw, const char* buf, int size) noexcept {
    auto& self = session_of(raw);
    BIO_clear_retry_flags(raw);
    std::size_t count = 0;
    self.io_
      = self.socket_.send_now({buf, static_cast<std::size_t>(size)}, count);
    if (count > 0)
      return static_cast<int>(count);
    if (self.io_ == stream_wait::done)
      BIO_set_retry_write(raw);
    return -1;
  }

  static long control(BIO* raw, int what, long, void*) noexcept {
    switch (what) {
      case BIO_CTRL_FLUSH:
        return 1;
      case BIO_CTRL_EOF:
        return session_of(raw).ended_ ? 1 : 0;
      default:
        return 0;
    }
  }

  static int create(BIO* raw) noexcept {
    BIO_set_init(raw, 1);
    return 1;
  }

  /// Never destroyed: streams of static storage may end later.
  static BIO_METHOD* method() {
    static auto* instance = [] {
      auto* raw = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK,
                               "timed socket");
      if (raw == nullptr)
        throw std::bad_alloc{};
      BIO_meth_set_read(raw, &tls_socket_bio::read);
      BIO_meth_set_write(raw, &tls_socket_bio::write);
      BIO_meth_set_ctrl(raw, &tls_socket_bio::control);
      BIO_meth_set_create(raw, &tls_socket_bio::create);
      return raw;
    }();
    return instance;
  }
};

tls_session::tls_session(timed_socket& socket,
                         std::shared_ptr<tls_context> context, std::string key)
  : socket_(socket), context_(std::move(context)), key_(std::move(key)) {
  // nop
}

tls_session::~tls_session() = default;

result<void> tls_session::handshake(const std::string& host,
                                    time_point deadline,
                                    const bell* called_off) {
  auto made = context_->make_handle(host, key_);
  if (!made)
    return made.error();
  raw_ = *std::move(made);
  auto* raw = raw_.get();
  auto* bio = BIO_new(tls_socket_bio::method());
  if (bio == nullptr)
    throw std::bad_alloc{};
  BIO_set_data(bio, this);
  SSL_set_bio(raw, bio, bio);
  for (;;) {
    ERR_clear_error();
    auto rc = SSL_connect(raw);
    if (rc == 1)
      return {};
    auto state = SSL_get_error(raw, rc);
    if (state != SSL_ERROR_WANT_READ && state != SSL_ERROR_WANT_WRITE)
      break;
    short events = state == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    if (poll_socket(socket_.descriptor(), events, deadline, called_off) != 0)
      continue;
    if (called_off != nullptr && called_off->rung())
      return error{errc::cancelled, "opening a connection was called off", {}};
    return error{errc::open_timeout,
                 "the time went by while negotiating TLS; the server may not "
                 "speak TLS at this port",
                 {}};
  }
  broken_ = true;
  // It may be what the server does not like.
  context_->forget(key_);
  auto code = io_ == stream_wait::failed ? socket_.last_error() : 0;
  return tls_handshake_error(raw, context_->name_for(host),
                             context_->has_certificate(), code);
}

/// Notes why TLS failed. OpenSSL is not to be used after that.
stream_wait tls_session::fail() {
  broken_ = true;
  refused_ = tls_peer_refused();
  reason_ = tls_reason();
  if (refused_)
    reason_ += "; " + tls_refusal_advice(context_->has_certificate());
  return stream_wait::failed;
}

/// Says what became of a call of OpenSSL's that returned no byte.
stream_wait tls_session::judge(int rc) {
  wanted_ = 0;
  switch (SSL_get_error(raw_.get(), rc)) {
    case SSL_ERROR_WANT_READ:
      wanted_ = POLLIN;
      return io_;
    case SSL_ERROR_WANT_WRITE:
      wanted_ = POLLOUT;
      return io_;
    case SSL_ERROR_ZERO_RETURN:
      return stream_wait::closed;
    default:
      break;
  }
  if (ended_) {
    ERR_clear_error();
    broken_ = truncated_ = true;
    reason_ = "the connection ended without an end of TLS";
    return stream_wait::closed;
  }
  return fail();
}

stream_wait tls_session::read_some(std::span<char> room, std::size_t& count) {
  count = 0;
  if (broken_)
    return truncated_ ? stream_wait::closed : stream_wait::failed;
  if (room.empty())
    return stream_wait::done;
  io_ = stream_wait::done;
  ERR_clear_error();
  auto rc = SSL_read_ex(raw_.get(), room.data(), room.size(), &count);
  return rc == 1 ? stream_wait::done : judge(rc);
}

stream_wait tls_session::read(std::span<char> room, std::size_t& count,
                              time_point deadline) {
  read_until_ = deadline;
  auto outcome = read_some(room, count);
  // An answer that TLS owes the peer first finds no room.
  while (outcome == stream_wait::done && count == 0 && !room.empty()) {
    if (socket_.wait(wanted_, deadline) == 0)
      outcome = stream_wait::late;
    else
      outcome = read_some(room, count);
  }
  read_until_ = time_point::min();
  return outcome;
}

stream_wait tls_session::read_now(std::span<char> room, std::size_t& count) {
  return read_some(room, count);
}

stream_wait tls_session::write_now(std::string_view bytes, std::size_t& count) {
  count = 0;
  if (broken_)
    return stream_wait::failed;
  io_ = stream_wait::done;
  ERR_clear_error();
  auto rc = SSL_write_ex(raw_.get(), bytes.data(), bytes.size(), &count);
  if (rc == 1)
    return stream_wait::done;
  auto outcome = judge(rc);
  if (outcome == stream_wait::failed && !refused_) {
    // The peer's last words may tell why it takes nothing any more.
    char byte = 0;
    std::size_t n = 0;
    broken_ = false;
    auto text = std::exchange(reason_, {});
    read_some({&byte, 1}, n);
    broken_ = true;
    if (!refused_)
      reason_ = std::move(text);
  }
  return outcome;
}

bool tls_session::quiet() {
  if (broken_)
    return false;
  char byte = 0;
  std::size_t count = 0;
  io_ = stream_wait::done;
  ERR_clear_error();
  auto rc = SSL_peek_ex(raw_.get(), &byte, 1, &count);
  return rc != 1 && judge(rc) == stream_wait::done
         && SSL_has_pending(raw_.get()) == 0;
}

void tls_session::say_end(time_point deadline) {
  while (!broken_) {
    io_ = stream_wait::done;
    ERR_clear_error();
    auto rc = SSL_shutdown(raw_.get());
    if (rc >= 0 || judge(rc) != stream_wait::done
        || socket_.wait(wanted_, deadline) == 0)
      break;
  }
  ERR_clear_error();
}

bool tls_session::resumed() const noexcept {
  return SSL_session_reused(raw_.get()) == 1;
}

} // namespace caf_pool
