#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/net/bell.hpp"
#include "caf_pool/net/stream/stream_wait.hpp"
#include "caf_pool/net/stream/timed_socket.hpp"
#include "caf_pool/net/stream/tls_context.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct bio_st;

namespace caf_pool {

/// TLS over a connected socket.
///
/// Thread-safety: one thread at a time.
class tls_session {
public:
  /// `key` says which server it is; see `tls_context`.
  tls_session(timed_socket& socket, std::shared_ptr<tls_context> context,
              std::string key);

  tls_session(const tls_session&) = delete;
  tls_session& operator=(const tls_session&) = delete;
  ~tls_session();

  /// Gets to know the server. Returns `open_timeout`, `cancelled`, and the
  /// errors of `tls_handshake_error`.
  result<void> handshake(const std::string& host, time_point deadline,
                         const bell* called_off);

  /// Reads what has come, at least one byte.
  stream_wait read(std::span<char> room, std::size_t& count,
                   time_point deadline);

  /// Reads what has come; `done` and no byte if that is nothing.
  stream_wait read_now(std::span<char> room, std::size_t& count);

  /// Sends what the system takes; `done` and no byte if that is nothing, and
  /// then the same bytes must come again.
  stream_wait write_now(std::string_view bytes, std::size_t& count);

  /// What the socket must be ready for before `write_now` goes on.
  short wanted() const noexcept {
    return wanted_;
  }

  /// Tells whether nothing came and nobody hung up. What servers say of
  /// sessions after the handshake is nothing.
  bool quiet();

  /// Tells the peer that this is the end, as far as it takes that.
  void say_end(time_point deadline);

  /// The handshake went on from an earlier session.
  bool resumed() const noexcept;

  /// The peer turned this client away.
  bool refused() const noexcept {
    return refused_;
  }

  /// The connection ended without the end that TLS has for that.
  bool truncated() const noexcept {
    return truncated_;
  }

  /// Why TLS failed; empty if only the socket knows.
  const std::string& reason() const noexcept {
    return reason_;
  }

private:
  friend struct tls_socket_bio;

  stream_wait read_some(std::span<char> room, std::size_t& count);
  stream_wait judge(int rc);
  stream_wait fail();

  timed_socket& socket_;
  std::shared_ptr<tls_context> context_;
  std::string key_;
  tls_handle raw_;
  std::string reason_;
  /// Until when a read of OpenSSL's may wait.
  time_point read_until_ = time_point::min();
  /// How the last read or write of OpenSSL's on the socket ended.
  stream_wait io_ = stream_wait::done;
  /// The socket has no more to read.
  bool ended_ = false;
  short wanted_ = 0;
  bool refused_ = false;
  bool truncated_ = false;
  bool broken_ = false;
};

} // namespace caf_pool
