#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/net/bell.hpp"
#include "caf_pool/net/stream/stream_options.hpp"
#include "caf_pool/net/stream/stream_wait.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace caf_pool {

class timed_socket;
class tls_context;
class tls_session;

/// A stream of bytes to a server by TCP, a unix socket or TLS, whose calls end
/// at their deadline. A request and its answer cost one call of the system
/// each. What fails here never raises SIGPIPE, and with TLS nothing is ever
/// sent in the open.
///
/// The descriptor is closed by the destructor, which does not wait.
///
/// Thread-safety: one thread at a time, but for `abort`.
class deadline_stream {
public:
  /// Looks the host up, connects to the first of its addresses that takes the
  /// connection, and gets to know the server if there is a context for TLS. One
  /// deadline covers all; each address gets its fair share of what is left, so
  /// that a dead one does not use up all.
  ///
  /// Returns `open_timeout` at the deadline, `cancelled` when the bell rings,
  /// `open_failed` for what may heal by itself (refused, unknown name, broken
  /// off, a port without TLS), and `open_refused` for what does not (a
  /// certificate that cannot be trusted, a server that wants one of this
  /// client). The text says what to do.
  static result<std::unique_ptr<deadline_stream>> open(
    const stream_options& options, const std::shared_ptr<tls_context>& context,
    time_point deadline, const bell* called_off = nullptr);

  deadline_stream(const deadline_stream&) = delete;
  deadline_stream& operator=(const deadline_stream&) = delete;
  ~deadline_stream();

  /// Reads what has come, at least one byte. `late` leaves the stream as it
  /// was.
  stream_wait read(std::span<char> room, std::size_t& count,
                   time_point deadline);

  /// Sends all. While the peer does not take it, calls `on_input` (if given)
  /// whenever input is ready, which reads it by `read_now`, so that both sides'
  /// buffers never block each other; if it returns anything but `done`, that is
  /// the outcome. Nothing is sent if the deadline has passed already;
  /// otherwise, after any outcome but `done`, a part may have been sent, and
  /// the stream takes no more.
  stream_wait write(std::string_view bytes, time_point deadline,
                    const std::function<stream_wait()>& on_input = nullptr);

  /// As above, and takes what was sent off the front of `bytes`: after `late`
  /// the rest may be sent later, and must be before anything else. A deadline
  /// that has passed sends what the system takes without waiting.
  stream_wait write_some(std::string_view& bytes, time_point deadline,
                         const std::function<stream_wait()>& on_input
                         = nullptr);

  /// Reads what has come without waiting; `done` and no byte if that is
  /// nothing.
  stream_wait read_now(std::span<char> room, std::size_t& count);

  /// Waits until bytes have come, or may go if asked; what TLS holds already
  /// does not count. False at the deadline. Another thread may use the stream
  /// meanwhile.
  bool wait(bool for_output, time_point deadline) const noexcept;

  /// Waits until something has come, which `read_now` then takes; `late` at
  /// the deadline, and when the bell rings, if there is one. Input may turn out
  /// to be TLS' own.
  stream_wait wait_for_input(time_point deadline,
                             const bell* called_off = nullptr);

  /// Tells whether nothing came and nobody hung up, in a microsecond. What
  /// belongs to TLS alone is nothing.
  bool quiet() noexcept;

  /// Makes a call that waits return at once, and all later ones fail. From any
  /// thread, at any time while the object lives.
  void abort() noexcept;

  /// Tells the peer that this is the end as far as it listens, at most until
  /// the deadline, and ends both directions.
  void close(time_point deadline) noexcept;

  /// What the system or OpenSSL said when a call failed, and what to do; empty
  /// for nothing.
  std::string reason() const;

  /// Says where the stream leads: "127.0.0.1:6379", "unix /run/redis.sock",
  /// "tls db.example:6380".
  std::string describe() const;

  /// The server turned this client away by TLS, because of its certificate or
  /// for the lack of one, which may be told only after the handshake: the
  /// stream failed, and trying again does not help.
  bool refused() const noexcept;

  /// The stream ended without the end that TLS has for that: it may be cut off.
  /// Always false without TLS.
  bool truncated() const noexcept;

  /// The handshake of TLS went on from an earlier session.
  bool resumed() const noexcept;

private:
  friend class stream_opener;

  deadline_stream(std::string name, std::unique_ptr<timed_socket> socket,
                  std::unique_ptr<tls_session> tls);

  std::string name_;
  std::unique_ptr<timed_socket> socket_;
  /// Uses the socket; null without TLS.
  std::unique_ptr<tls_session> tls_;
  /// A part of something was sent, and the rest was not.
  bool cut_off_ = false;
};

} // namespace caf_pool
