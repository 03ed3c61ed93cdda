#pragma once

#include "caf_pool/backend/redis/redis_command_table.hpp"
#include "caf_pool/backend/redis/redis_home.hpp"
#include "caf_pool/core/redis_value.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace caf_pool {

/// What a holder can leave behind on its connection.
enum class redis_leaving : std::uint32_t {
  /// MULTI without EXEC or DISCARD.
  transaction = 1 << 0,
  /// Watched keys.
  watch = 1 << 1,
  /// Another database than at home.
  database = 1 << 2,
  /// A login. It may have been that of the user at home.
  user = 1 << 3,
  /// Another protocol than at home.
  protocol = 1 << 4,
  /// A name. It may be that at home.
  client_name = 1 << 5,
  library_name = 1 << 6,
  no_evict = 1 << 7,
  no_touch = 1 << 8,
  /// Another choice between READONLY and READWRITE than at home.
  replica_reads = 1 << 9,
  /// ASKING without a command behind it.
  asking = 1 << 10,
  tracking = 1 << 11,
  /// A command that the table does not know.
  unknown = 1 << 12,
  /// RESET removes these.
  subscription = 1 << 13,
  monitor = 1 << 14,
  /// Nothing removes these: CLIENT CAPA, CLIENT REPLY, QUIT, what replicas say.
  lasting = 1 << 15,
};

/// How a connection is brought home.
struct redis_removal {
  /// Nothing else helps: close the connection. There are no commands then.
  bool close = false;
  /// What is to be sent, in one write; each command is to be answered without
  /// an error. If the first one is RESET, replies before the status RESET are
  /// messages of a subscription or of MONITOR, and answer nothing.
  std::vector<redis_command> commands = {};
};

/// Keeps account of what the commands of a holder leave on a connection.
///
/// It says what may be there: that a thing is there although it is not costs a
/// command, the reverse would hand it to the next holder.
///
/// Thread-safety: one thread at a time.
class redis_leavings {
public:
  /// Begins with a connection that is at home.
  explicit redis_leavings(const redis_home& home)
    : home_database_(home.database),
      database_(home.database),
      home_protocol_(home.protocol),
      home_reads_(home.replica) {
    // nop
  }

  /// Takes a command that was sent and its reply; an error reply is a
  /// `redis_failure`. `facts` is what `find_redis_command` returned.
  void note(const redis_command& command, const redis_command_facts* facts,
            const redis_value& reply) {
    if (!ignores(facts))
      note_unusual(command, facts, reply);
  }

  /// Tells whether there is nothing to note of a command, whatever comes.
  bool ignores(const redis_command_facts* facts) const noexcept {
    using enum redis_command_kind;
    return facts != nullptr && quiet_
           && (facts->kind == plain || facts->kind == script
               || facts->kind == blocking);
  }

  /// The connection went out of sight: a holder had its native handle.
  void lose_sight() noexcept {
    add(redis_leaving::unknown);
  }

  /// The connection is at home again.
  void clear();

  /// The next holder finds the connection at home.
  bool nothing() const noexcept {
    return left_ == 0;
  }

  bool has(redis_leaving x) const noexcept {
    return (left_ & static_cast<std::uint32_t>(x)) != 0;
  }

  /// The number of the database that commands work on.
  std::int64_t database() const noexcept {
    return database_;
  }

  /// Returns the cheapest way home. `home` is that of the constructor.
  redis_removal cheapest_removal(const redis_home& home) const;

private:
  void note_unusual(const redis_command& command,
                    const redis_command_facts* facts, const redis_value& reply);
  void note_queued(const redis_command& command,
                   const redis_command_facts* facts);
  void note_transaction(const redis_command_facts& facts,
                        const redis_value& reply);
  void note_exec(const redis_value& reply);
  void note_session(const redis_command& command,
                    const redis_command_facts& facts, const redis_value& reply);
  void note_client(const redis_command& command,
                   const redis_command_facts& facts);
  void note_hello(const redis_command& command, bool done);
  void note_reset();

  void add(redis_leaving x) noexcept {
    left_ |= static_cast<std::uint32_t>(x);
  }

  void set(redis_leaving x, bool there) noexcept {
    auto bit = static_cast<std::uint32_t>(x);
    left_ = there ? left_ | bit : left_ & ~bit;
  }

  bool has_any(std::uint32_t bits) const noexcept {
    return (left_ & bits) != 0;
  }

  std::int64_t home_database_;
  std::int64_t database_;
  int home_protocol_;
  bool home_reads_;
  /// Neither in a transaction nor behind ASKING, where each command counts.
  bool quiet_ = true;
  std::uint32_t left_ = 0;
  /// Of the open transaction: how many commands the server queued, and those
  /// that change the session when EXEC runs them, each with its number.
  std::size_t queued_ = 0;
  std::vector<std::pair<std::size_t, redis_command>> waiting_;
};

} // namespace caf_pool
