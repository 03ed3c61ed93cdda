#include "net/stream_server.hpp"

#include "support/chaos_socket.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <list>
#include <mutex>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <system_error>
#include <thread>
#include <utility>

namespace caf_pool::test {

namespace {

struct deleter {
  void operator()(SSL_CTX* x) const {
    SSL_CTX_free(x);
  }

  void operator()(SSL* x) const {
    SSL_free(x);
  }
};

using context_ptr = std::unique_ptr<SSL_CTX, deleter>;

void must(bool ok, const char* what) {
  if (!ok)
    throw std::system_error{errno, std::generic_category(), what};
}

context_ptr make_context(const server_options& how) {
  context_ptr result{SSL_CTX_new(TLS_server_method())};
  auto* raw = result.get();
  // Otherwise, versions before TLS 1.2 are not even offered.
  SSL_CTX_set_cipher_list(raw, "DEFAULT@SECLEVEL=0");
  must(
    SSL_CTX_use_certificate_file(raw, how.cert.cert.c_str(), SSL_FILETYPE_PEM)
        == 1
      && SSL_CTX_use_PrivateKey_file(raw, how.cert.key.c_str(),
                                     SSL_FILETYPE_PEM)
           == 1,
    "certificate");
  SSL_CTX_set_min_proto_version(raw, how.version);
  SSL_CTX_set_max_proto_version(raw, how.version);
  static constexpr unsigned char id[] = "test";
  SSL_CTX_set_session_id_context(raw, id, sizeof(id));
  if (!how.client_ca.empty()) {
    must(SSL_CTX_load_verify_file(raw, how.client_ca.c_str()) == 1, "CA");
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       nullptr);
  }
  return result;
}

class plain_peer : public server_peer {
public:
  explicit plain_peer(int fd) : fd_(fd) {
    // nop
  }

  std::string read(std::size_t size) override {
    std::string result(size, '\0');
    std::size_t count = 0;
    while (count < size) {
      auto n = read_some(result.data() + count, size - count);
      if (n <= 0)
        break;
      count += static_cast<std::size_t>(n);
    }
    result.resize(count);
    return result;
  }

  std::string take(std::size_t most) override {
    std::string result(most, '\0');
    auto n = read_some(result.data(), most);
    result.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return result;
  }

  bool write(std::string_view bytes) override {
    while (!bytes.empty()) {
      auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n < 0)
        return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  void write_bytewise(std::string_view bytes, std::size_t kept) override {
    auto now = bytes.size() - kept;
    for (auto& byte : bytes.substr(0, now))
      plain_peer::write({&byte, 1});
    rest_ = bytes.substr(now);
  }

  void write_rest() override {
    plain_peer::write(rest_);
  }

  void reset_at_end() override {
    linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }

  void say_end() override {
    // nop
  }

  bool heard_end() override {
    return false;
  }

protected:
  virtual ssize_t read_some(char* buf, std::size_t size) {
    return ::recv(fd_, buf, size, 0);
  }

  int fd_;

private:
  std::string rest_;
};

class tls_peer final : public plain_peer {
public:
  tls_peer(int fd, SSL_CTX* context) : plain_peer(fd), raw_(SSL_new(context)) {
    SSL_set_fd(raw_.get(), fd);
  }

  bool accept() {
    return SSL_accept(raw_.get()) == 1;
  }

  bool write(std::string_view bytes) override {
    return SSL_write(raw_.get(), bytes.data(), static_cast<int>(bytes.size()))
           > 0;
  }

  void write_bytewise(std::string_view bytes, std::size_t kept) override {
    auto* socket = SSL_get_wbio(raw_.get());
    auto* memory = BIO_new(BIO_s_mem());
    BIO_up_ref(socket);
    BIO_up_ref(memory);
    SSL_set0_wbio(raw_.get(), memory);
    write(bytes);
    SSL_set0_wbio(raw_.get(), socket);
    std::string record(BIO_pending(memory), '\0');
    BIO_read(memory, record.data(), static_cast<int>(record.size()));
    BIO_free(memory);
    plain_peer::write_bytewise(record, kept);
  }

  void say_end() override {
    SSL_shutdown(raw_.get());
  }

  bool heard_end() override {
    return (SSL_get_shutdown(raw_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

protected:
  ssize_t read_some(char* buf, std::size_t size) override {
    return SSL_read(raw_.get(), buf, static_cast<int>(size));
  }

private:
  std::unique_ptr<SSL, deleter> raw_;
};

chaos_socket listen_at(const std::string& path, std::uint16_t port) {
  if (path.empty())
    return chaos_socket::listen(port, 64);
  chaos_socket result{
    ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), where.sun_path);
  must(::bind(result.fd(), reinterpret_cast<sockaddr*>(&where), sizeof(where))
           == 0
         && ::listen(result.fd(), 64) == 0,
       "listen");
  return result;
}

void set_buffers(int fd, int size) {
  if (size == 0)
    return;
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/// OpenSSL's own sockets raise it, and these are not what is tested.
void block_sigpipe() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

} // namespace

server_peer::~server_peer() = default;

void echo(server_peer& peer) {
  for (auto text = peer.take(65'536); !text.empty(); text = peer.take(65'536))
    if (!peer.write(text))
      return;
}

// -- the server ---------------------------------------------------------------

class stream_server::engine {
public:
  engine(script what, server_options how)
    : script_(std::move(what)), how_(std::move(how)) {
    listener_ = listen_at(how_.path, how_.port);
    set_buffers(listener_.fd(), how_.buffers);
    ::fcntl(listener_.fd(), F_SETFL, 0);
    if (how_.tls)
      context_ = make_context(how_);
    thread_ = std::thread{[this] { run(); }};
  }

  ~engine() {
    stopping_ = true;
    ::shutdown(listener_.fd(), SHUT_RDWR);
    thread_.join();
    {
      std::lock_guard guard{mtx_};
      for (auto& x : connections_)
        if (x.socket.valid())
          ::shutdown(x.socket.fd(), SHUT_RDWR);
    }
    for (auto& x : connections_)
      x.thread.join();
  }

  std::uint16_t port() const {
    return listener_.port();
  }

  std::size_t connects() const noexcept {
    return connects_;
  }

private:
  struct connection {
    chaos_socket socket;
    std::thread thread;
  };

  void run() {
    while (!stopping_) {
      chaos_socket socket{
        ::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC)};
      if (!socket.valid())
        continue;
      set_buffers(socket.fd(), how_.buffers);
      ++connects_;
      std::lock_guard guard{mtx_};
      auto& x = connections_.emplace_back();
      x.socket = std::move(socket);
      x.thread = std::thread{[this, &x] { serve(x); }};
    }
  }

  void serve(connection& x) {
    block_sigpipe();
    auto fd = x.socket.fd();
    if (context_) {
      tls_peer peer{fd, context_.get()};
      if (peer.accept())
        script_(peer);
    } else {
      plain_peer peer{fd};
      script_(peer);
    }
    std::lock_guard guard{mtx_};
    x.socket = {};
  }

  script script_;
  server_options how_;
  chaos_socket listener_;
  context_ptr context_;
  std::mutex mtx_;
  std::list<connection> connections_;
  std::atomic<std::size_t> connects_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

stream_server::stream_server(script what, server_options how)
  : engine_(std::make_unique<engine>(std::move(what), std::move(how))) {
  // nop
}

stream_server::~stream_server() = default;

std::uint16_t stream_server::port() const noexcept {
  return engine_->port();
}

std::size_t stream_server::connects() const noexcept {
  return engine_->connects();
}

} // namespace caf_pool::test
