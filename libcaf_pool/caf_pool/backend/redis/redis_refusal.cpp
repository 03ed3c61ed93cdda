#include "caf_pool/backend/redis/redis_refusal.hpp"

#include "caf_pool/core/one_of.hpp"

#include <string>
#include <string_view>

namespace caf_pool {

namespace {

/// Says why no place takes a command; empty if one does.
std::string_view everywhere(const redis_command_facts& facts) {
  if (facts.kind == redis_command_kind::subscription) {
    if (one_of(facts.name, {"monitor", "psync", "sync", "replconf"}))
      return "turns the connection into a stream that is not made of replies; "
             "use a connection outside of pools";
    return "takes the connection for messages; call subscribe(...) of the pool "
           "in a program, or use a redis_subscriber";
  }
  if (facts.name == "quit")
    return "closes the connection, which is the pool's; give back the lease";
  if (facts.name == "client" && facts.subcommand == "reply")
    return "leaves commands without replies; use a pipeline";
  if (facts.name == "script" && facts.subcommand == "debug")
    return "turns the connection into a debugger; use redis-cli --ldb";
  return {};
}

/// Says why a command that blocks does not go here; empty if it does.
std::string_view waiting(redis_place place, bool for_blocking) {
  if (!for_blocking)
    return "keeps a connection for as long as it waits; call blocking(...) of "
           "the pool in a program, or use a pool with the option blocking = "
           "true";
  if (place != redis_place::single)
    return "would hold up all that stands behind it; send it by itself";
  return {};
}

/// Says why a pool for blocking commands does not take a command by itself.
std::string_view where_others_wait(const redis_command_facts& facts) {
  if (one_of(facts.kind,
             {redis_command_kind::session, redis_command_kind::transaction}))
    return "changes the session, which a pool with the option blocking = true "
           "does not allow; use another pool";
  return {};
}

/// Says why a command does not go among others; empty if it does.
std::string_view among_others(const redis_command_facts& facts,
                              redis_place place) {
  if (one_of(facts.name, {"auth", "hello", "reset", "select"}))
    return "changes the session for all that follows; use a lease, or a pool "
           "with other settings";
  if (place == redis_place::transaction
      && facts.kind == redis_command_kind::transaction)
    return "belongs to the transaction, which the pool begins and ends; use a "
           "lease to do so by hand";
  return {};
}

std::string full_name(const redis_command_facts& facts) {
  auto result = std::string{facts.name};
  if (!facts.subcommand.empty())
    (result += ' ') += facts.subcommand;
  for (auto& c : result)
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return result;
}

} // namespace

std::optional<error> redis_refusal(const redis_command& command,
                                   const redis_command_facts* facts,
                                   redis_place place, bool for_blocking) {
  if (facts == nullptr && command.name().empty())
    return error{errc::invalid_argument, "a command without a name", {}};
  if (facts == nullptr)
    return std::nullopt;
  auto alone = place == redis_place::single;
  auto why = everywhere(*facts);
  if (why.empty() && blocks(command, facts))
    why = waiting(place, for_blocking);
  if (why.empty() && for_blocking)
    why = where_others_wait(*facts);
  if (why.empty() && !alone)
    why = among_others(*facts, place);
  if (why.empty())
    return std::nullopt;
  return error{alone ? errc::not_supported : errc::invalid_argument,
               full_name(*facts) + ' ' + std::string{why},
               {}};
}

redis_place redis_place_of(const redis_commands& what) noexcept {
  if (what.as == redis_commands::form::transaction)
    return redis_place::transaction;
  return what.items.size() > 1 ? redis_place::pipeline : redis_place::single;
}

error no_redis_work() {
  return {errc::not_supported,
          "a Redis server takes commands, not SQL; run "
          "redis_command{\"GET\", key}, or call command(\"GET\", key)",
          {}};
}

error no_redis_command() {
  return {errc::invalid_argument,
          "there is no command; the first argument is its name",
          {}};
}

error redis_not_a_read(const redis_command& command) {
  return {errc::forbidden,
          "the lease is for reading only, and " + std::string{command.name()}
            + " may write; acquire one without read_only",
          "READONLY"};
}

} // namespace caf_pool
