#pragma once

#include "caf_pool/backend/redis/redis_reader.hpp"
#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/redis_value.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/net/bell.hpp"
#include "caf_pool/net/stream/deadline_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace caf_pool {

/// How many commands are under way at the same time at most, so that neither
/// side has to keep all of a long pipeline in its memory.
struct redis_window {
  std::size_t commands = 1000;
  /// Of requests, in bytes.
  std::size_t bytes = std::size_t{1} << 20;
};

/// How an exchange with the server ended.
enum class redis_end : std::uint8_t {
  /// Every command has its reply.
  answered,
  /// The deadline passed.
  late,
  /// The server, or the network, ended the connection.
  lost,
  /// What came is no reply, or nobody asked for it.
  malformed,
  /// More bytes came than the caller wants to hold.
  too_large,
};

/// What an exchange brought.
struct redis_exchange {
  redis_end end = redis_end::answered;
  /// As many as there were, in the order of the commands.
  std::vector<redis_value> replies;
  /// How many commands went out, wholly or in part. What was not sent did not
  /// take effect.
  std::size_t sent = 0;
  /// Says what happened if not all are answered.
  std::string reason;
};

/// Commands and replies over a stream. Commands go out while replies come in,
/// with as many under way as the window allows.
///
/// `exchange` does all of it for the commands of one caller; `put`, `flush` and
/// `receive` are its parts, for who shares a channel. An exchange that did not
/// end with all replies leaves the channel of no use: the replies that are due
/// would pass for those of the next commands.
///
/// Thread-safety: one thread at a time, but for `abort`.
class redis_channel {
public:
  redis_channel(std::unique_ptr<deadline_stream> stream, redis_window window);

  /// Takes no more bytes of replies in an exchange, or of one reply that is
  /// received by itself; no limit by default.
  void limit_replies(std::uint64_t bytes) noexcept {
    max_result_bytes_ = bytes;
  }

  /// Sends commands and waits for all their replies.
  redis_exchange exchange(std::span<const redis_command> commands,
                          time_point deadline);

  /// Takes commands from the front, as many as the window allows, and returns
  /// how many. `flush` or `receive` sends them.
  std::size_t put(std::span<const redis_command> commands);

  /// Sends what the system takes without waiting.
  void flush();

  /// Everything that was put is with the system.
  bool flushed() const noexcept {
    return written_ == out_.size();
  }

  /// Counts the commands that `put` takes at most: none while a part of an
  /// earlier one is sent and the rest is not.
  std::size_t room() const noexcept {
    return (flushed() || written_ == 0) && due_ < window_.commands
             ? window_.commands - due_
             : 0;
  }

  /// Waits for the next reply; not at all with `time_point::min()`. `late`
  /// leaves the channel as it is. Any other
  /// end but `answered` is that of all commands whose replies are due;
  /// `too_large` only of the first, and the others are `lost`.
  redis_end receive(redis_value& reply, time_point deadline);

  /// Waits until bytes have come, or may go. Touches nothing but the socket:
  /// another thread may `put` and `flush` meanwhile. False at the deadline.
  bool wait(bool for_output, time_point deadline) const noexcept;

  /// Counts the replies that come without a call of the system.
  std::size_t at_hand() const noexcept {
    return ready_.size() - next_;
  }

  /// Says until when to go on waiting for a reply that did not come; nothing
  /// to give up.
  using on_silence = std::function<std::optional<time_point>()>;

  /// Sends a command whose reply may be long in coming. When it has not come by
  /// `until`, or the bell rings, asks `silent`, and again at each time that it
  /// names; it may use other connections. Ends as `late` when `silent` gives
  /// up.
  redis_exchange exchange(const redis_command& command, time_point until,
                          const bell& called_off, const on_silence& silent);

  /// Sends commands without waiting for replies, which come by `listen`.
  /// `answered` says that all were sent.
  redis_exchange tell(std::span<const redis_command> commands,
                      time_point deadline);

  /// Waits for what the server says, asked or not, and returns all of it. Ends
  /// as `late`, and can be called again, at the deadline and when the bell
  /// rings. Returns `too_large` for a single value that is.
  redis_exchange listen(time_point deadline, const bell& called_off);

  /// Takes what has come since the last exchange, which may be pushes only,
  /// and sends nothing. A reply would pass for that of the next command, and
  /// what is sent to a server that has hung up gets none. About a microsecond.
  redis_end catch_up();

  /// No bytes come or go any more.
  bool ended() const noexcept {
    return end_ != redis_end::answered;
  }

  /// Says what happened when an end was not `answered`.
  const std::string& reason() const noexcept {
    return reason_;
  }

  /// Tells whether nothing has come and nobody hung up. No round trip, about a
  /// microsecond.
  bool quiet() noexcept;

  /// Ends a blocked exchange at once; from any thread.
  void abort() noexcept {
    stream_->abort();
  }

  void close(time_point deadline) noexcept {
    stream_->close(deadline);
  }

  std::string describe() const {
    return stream_->describe();
  }

  /// The server turned this client away by TLS.
  bool refused() const noexcept {
    return stream_->refused();
  }

private:
  redis_end go_on(time_point deadline);
  redis_end read_now();
  redis_end write_more(time_point deadline);
  redis_end read_more(time_point deadline);
  stream_wait read_what_is_there();
  redis_end hear_what_is_there();
  redis_end take(std::size_t count);
  redis_end collect();
  redis_end stop(redis_end end, std::string reason = {});
  redis_end judge(stream_wait how);
  void trim();

  std::unique_ptr<deadline_stream> stream_;
  redis_window window_;
  std::uint64_t max_result_bytes_ = std::numeric_limits<std::uint64_t>::max();
  /// Anything but `answered` is for good.
  redis_end end_ = redis_end::answered;
  std::string reason_;
  /// Commands whose replies have not come.
  std::size_t due_ = 0;
  /// Replies that have come; those before `next_` are gone.
  std::vector<redis_value> ready_;
  std::size_t next_ = 0;
  /// The limit is one for all replies, not for each.
  bool limit_all_ = false;
  /// Everything that comes is taken, asked for or not.
  bool listening_ = false;
  /// Bytes that count against the limit.
  std::uint64_t taken_ = 0;
  redis_reader reader_;
  std::string out_;
  /// How many bytes of `out_` are with the system.
  std::size_t written_ = 0;
  std::vector<char> room_;
};

} // namespace caf_pool
