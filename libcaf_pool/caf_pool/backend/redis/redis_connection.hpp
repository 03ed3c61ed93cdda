#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/backend/redis/redis_blocker.hpp"
#include "caf_pool/backend/redis/redis_home.hpp"
#include "caf_pool/backend/redis/redis_leavings.hpp"
#include "caf_pool/backend/redis/redis_login.hpp"
#include "caf_pool/backend/redis/redis_options.hpp"
#include "caf_pool/backend/redis/redis_refusal.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace caf_pool {

/// One connection to a Redis or Valkey server. What it promises beyond the
/// contract is in redis.hpp.
class redis_connection : public connection {
public:
  /// With an unblocker it takes commands that block.
  redis_connection(const redis_options& options, redis_session session,
                   const std::shared_ptr<redis_unblocker>& unblocker = nullptr);

  result<void> probe(time_point deadline) override;
  result<void> reset(reset_policy policy, time_point deadline) override;
  result<outcome> run(const work& what, time_point deadline) override;
  bool may_repeat(const work& what, errc why) const noexcept override;
  duration first_try_limit() const noexcept override;
  result<void> restrict_to_reads(time_point deadline) override;
  trace state() const noexcept override;
  transaction_status transaction() const noexcept override;
  /// Ends a wait for what others do; nothing else can be stopped.
  void cancel() noexcept override;
  void abort() noexcept override;
  void close(time_point deadline) noexcept override;

  // -- commands of several callers --------------------------------------------

  /// Sends commands without waiting for replies: from the front as many as may
  /// be under way at once, which may be none while replies are due. Returns
  /// how many those are; the others may go after some `receive`.
  ///
  /// An error means that nothing of this call was sent. The rules for commands
  /// are those of a pipeline, even for a single one.
  ///
  /// While replies are due, nothing else can be done, the connection is dirty,
  /// and a reset closes it: nobody else may get those replies.
  result<std::size_t> post(std::span<const redis_command> commands,
                           time_point deadline);

  /// As above, but leaves it to the next `post` or `receive` to send them, so
  /// that several callers' go together.
  result<std::size_t> put(std::span<const redis_command> commands,
                          time_point deadline);

  /// Waits for the reply to the first command that was posted and has none.
  /// Returns nothing if the deadline came first: nothing is lost then, and
  /// anybody may go on. Does not wait at all with `time_point::min()`. Once the
  /// connection broke, each command has its error, as `run` tells it. Requires
  /// that a reply is due.
  std::optional<result<redis_value>> receive(time_point deadline);

  /// Sends what `put` took and the system takes, without waiting.
  void flush() {
    channel_->flush();
  }

  /// All that was put is sent.
  bool flushed() const noexcept {
    return channel_->flushed();
  }

  /// Waits until `receive` may have something, or until more can be sent if it
  /// is asked `for_output`. False at the deadline. Another thread may `put` and
  /// `flush` meanwhile, and nothing else.
  bool wait(bool for_output, time_point deadline) const noexcept {
    return channel_->wait(for_output, deadline);
  }

  /// Counts the commands that were posted and have no reply.
  std::size_t due() const noexcept {
    return due_.size();
  }

  /// Counts those whose `receive` does not wait.
  std::size_t at_hand() const noexcept {
    return channel_->ended() ? due_.size() : channel_->at_hand();
  }

  /// What the server told of itself at the login.
  const redis_greeting& greeting() const noexcept {
    return greeting_;
  }

private:
  /// A command that was posted.
  struct posted {
    std::string name;
    bool harmless = false;
    time_point since;
    /// Only of one that may leave something behind.
    std::optional<redis_command> command;
  };

  /// Says why nothing can be done now; no error if something can.
  error unusable(time_point deadline) const;
  /// `leaves` tells afterwards whether a command may leave something behind.
  error refusal(const redis_commands& what, bool& leaves) const;
  error refusal(const redis_command& x, const redis_command_facts* facts,
                redis_place place) const;

  result<outcome> pipeline(const redis_commands& what, bool leaves,
                           time_point deadline);
  result<outcome> transact(const redis_commands& what, time_point deadline);

  /// Takes note of a broken connection.
  template <class F>
  redis_exchange attempt(F&& carry);
  redis_exchange send(std::span<const redis_command> commands,
                      time_point deadline);
  redis_exchange wait_for(const redis_command& command, time_point deadline);
  /// As `send`, and takes note of what the commands left behind.
  redis_exchange exchange(std::span<const redis_command> commands,
                          time_point deadline);
  result<redis_value> judged(redis_value reply);
  result<void> carry_out(std::span<const redis_command> commands,
                         time_point deadline);
  result<void> take_greeting(const redis_value& reply);
  result<void> go_home(time_point deadline);
  result<void> roll_back(time_point deadline);
  /// Ends the connection for good and returns why.
  error give_up(error why);

  std::unique_ptr<redis_channel> channel_;
  redis_greeting greeting_;
  redis_home home_;
  redis_leavings leavings_;
  const bool repeats_;
  const duration first_try_limit_;
  std::deque<posted> due_;
  /// How many of them have something to note.
  std::size_t noting_ = 0;
  /// None for a connection that takes no commands that block.
  std::unique_ptr<redis_blocker> blocker_;
  /// A lease for reading: only commands that read are sent.
  bool restricted_ = false;
  /// The server refused a write as a replica does: it may not be the one that
  /// was asked for any more.
  bool demoted_ = false;
  std::atomic<bool> broken_ = false;
};

} // namespace caf_pool
