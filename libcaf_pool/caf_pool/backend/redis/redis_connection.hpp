#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/backend/redis/redis_home.hpp"
#include "caf_pool/backend/redis/redis_leavings.hpp"
#include "caf_pool/backend/redis/redis_login.hpp"
#include "caf_pool/backend/redis/redis_options.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

namespace caf_pool {

/// One connection to a Redis or Valkey server. What it promises beyond the
/// contract is in redis.hpp.
class redis_connection : public connection {
public:
  redis_connection(const redis_options& options, redis_session session);

  result<void> probe(time_point deadline) override;
  result<void> reset(reset_policy policy, time_point deadline) override;
  result<outcome> run(const work& what, time_point deadline) override;
  bool may_repeat(const work& what, errc why) const noexcept override;
  duration first_try_limit() const noexcept override;
  result<void> restrict_to_reads(time_point deadline) override;
  trace state() const noexcept override;
  transaction_status transaction() const noexcept override;
  void abort() noexcept override;
  void close(time_point deadline) noexcept override;

  /// What the server told of itself at the login.
  const redis_greeting& greeting() const noexcept {
    return greeting_;
  }

private:
  /// Says why nothing can be done now; no error if something can.
  error unusable(time_point deadline) const;
  /// `leaves` tells afterwards whether a command may leave something behind.
  error refusal(const redis_commands& what, bool& leaves) const;

  result<outcome> pipeline(const redis_commands& what, bool leaves,
                           time_point deadline);
  result<outcome> transact(const redis_commands& what, time_point deadline);

  /// Sends, and takes note of a broken connection.
  redis_exchange send(std::span<const redis_command> commands,
                      time_point deadline);
  /// As above, and takes note of what the commands left behind.
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
  /// A lease for reading: only commands that read are sent.
  bool restricted_ = false;
  /// The server refused a write as a replica does: it may not be the one that
  /// was asked for any more.
  bool demoted_ = false;
  std::atomic<bool> broken_ = false;
};

} // namespace caf_pool
