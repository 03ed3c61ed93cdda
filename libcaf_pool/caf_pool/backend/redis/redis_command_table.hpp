#pragma once

#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/result.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace caf_pool {

/// What a command does to the connection that it goes over.
enum class redis_command_kind : std::uint8_t {
  /// Nothing: the next command finds the connection as this one did.
  plain,
  /// It may change the session: SELECT, AUTH, CLIENT TRACKING.
  session,
  /// It begins, ends or watches for a transaction.
  transaction,
  /// What follows is no reply to a command any more: SUBSCRIBE, MONITOR, and
  /// what replicas say.
  subscription,
  /// The server answers when somebody else did something: BLPOP, WAIT.
  blocking,
  /// It runs code that lies on the server.
  script,
};

/// What a command does to data.
enum class redis_access : std::uint8_t {
  /// Neither of both for sure: a script, a message to subscribers, a setting.
  other,
  /// It may be sent twice without harm.
  reads,
  /// The server counts it as a write.
  writes,
};

/// Where keys stand that `redis_keys` cannot tell by their numbers.
enum class redis_key_search : std::uint8_t {
  none,
  /// Behind their count, which is argument `redis_keys::count_at`.
  counted,
  /// As `counted`, each with its value.
  counted_pairs,
  /// The first half of what follows STREAMS. Such a command blocks if it has
  /// the option BLOCK.
  streams,
  /// Behind STORE, among the options of SORT.
  sort_store,
  /// Behind STORE or STOREDIST.
  geo_store,
  /// Behind KEYS if the third argument is empty.
  migrate,
};

/// The numbers of arguments that are keys; the name is argument 0.
struct redis_keys {
  /// 0 if there are none.
  std::int8_t first = 0;
  /// Counted from the end if negative: -1 is the last argument.
  std::int8_t last = 0;
  std::int8_t step = 0;
  redis_key_search search = redis_key_search::none;
  std::int8_t count_at = 0;

  friend bool operator==(const redis_keys&, const redis_keys&) = default;
};

/// What is known of a command, whatever its arguments are.
struct redis_command_facts {
  /// In lower case.
  std::string_view name;
  /// In lower case; empty for a command that has none.
  std::string_view subcommand;
  redis_command_kind kind = redis_command_kind::plain;
  redis_access access = redis_access::other;
  redis_keys keys = {};
  /// For those who run the server: it changes or shows the server itself, ends
  /// all data or keeps everybody waiting.
  bool administrative = false;

  constexpr bool reads_only() const noexcept {
    return access == redis_access::reads;
  }

  constexpr bool writes() const noexcept {
    return access == redis_access::writes;
  }
};

/// Finds a command of Redis 7.0, or a newer one of Redis or Valkey, in letters
/// of either case. Of a command with sub-commands each is an entry of its own.
/// Returns null for what it does not know: a module's command, mostly.
///
/// Thread-safety: any thread, as all functions here.
const redis_command_facts* find_redis_command(std::string_view name,
                                              std::string_view subcommand = {});

/// As above. Returns null for an empty command.
const redis_command_facts* find_redis_command(const redis_command& command);

/// Returns the keys of a command, and the channels of sharded messages, which
/// have a slot as keys have. The texts live as long as the command.
///
/// Returns `not_supported` for an unknown command, and `invalid_argument` if
/// the keys are not where they must be.
result<std::vector<std::string_view>> keys_of(const redis_command& command);

/// As above, with what `find_redis_command` returned.
result<std::vector<std::string_view>> keys_of(const redis_command& command,
                                              const redis_command_facts* facts);

/// Tells whether a command waits for what others do. An unknown one does not.
bool blocks(const redis_command& command);
bool blocks(const redis_command& command, const redis_command_facts* facts);

/// Tells whether a command may be sent twice without harm. An unknown one may
/// not.
bool is_read(const redis_command& command);

} // namespace caf_pool
