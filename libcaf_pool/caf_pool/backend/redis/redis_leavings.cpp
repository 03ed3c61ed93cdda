#include "caf_pool/backend/redis/redis_leavings.hpp"

#include "caf_pool/backend/redis/redis_word.hpp"
#include "caf_pool/core/one_of.hpp"
#include "caf_pool/core/parse_number.hpp"

#include <bit>
#include <optional>

namespace caf_pool {

namespace {

using leaving = redis_leaving;
using command_kind = redis_command_kind;

constexpr std::uint32_t bits(std::initializer_list<leaving> xs) {
  auto result = std::uint32_t{0};
  for (auto x : xs)
    result |= static_cast<std::uint32_t>(x);
  return result;
}

/// One command each undoes these.
constexpr auto removable
  = bits({leaving::transaction, leaving::watch, leaving::database,
          leaving::protocol, leaving::client_name, leaving::library_name,
          leaving::no_evict, leaving::no_touch, leaving::replica_reads,
          leaving::asking, leaving::tracking});

/// RESET leaves these, some servers' at least.
constexpr auto survives_reset = bits({leaving::no_evict, leaving::no_touch,
                                      leaving::library_name, leaving::lasting});

/// More commands than this cost as much as to begin anew.
constexpr int few = 3;

bool is_error(const redis_value& x) noexcept {
  return std::holds_alternative<redis_failure>(x.value);
}

/// Adds what undoes traces that are the same with and without RESET.
void add_off(std::vector<redis_command>& to, const redis_leavings& from,
             const redis_home& home) {
  if (from.has(leaving::no_evict))
    to.emplace_back("CLIENT", "NO-EVICT", "OFF");
  if (from.has(leaving::no_touch))
    to.emplace_back("CLIENT", "NO-TOUCH", "OFF");
  if (from.has(leaving::library_name)) {
    to.emplace_back("CLIENT", "SETINFO", "LIB-NAME", home.library_name);
    to.emplace_back("CLIENT", "SETINFO", "LIB-VER", home.library_version);
  }
}

} // namespace

void redis_leavings::clear() {
  left_ = 0;
  database_ = home_database_;
  quiet_ = true;
  queued_ = 0;
  waiting_.clear();
}

// -- what comes by ------------------------------------------------------------

void redis_leavings::note_unusual(const redis_command& command,
                                  const redis_command_facts* facts,
                                  const redis_value& reply) {
  // ASKING holds for one command, or for one transaction.
  if (has(leaving::asking) && !has(leaving::transaction))
    set(leaving::asking, facts != nullptr && facts->name == "multi");
  quiet_ = !has(leaving::transaction) && !has(leaving::asking);
  if (facts == nullptr)
    add(leaving::unknown);
  if (has(leaving::transaction) && reply.is_status("QUEUED"))
    note_queued(command, facts);
  else if (facts == nullptr)
    return;
  else if (facts->kind == command_kind::transaction)
    note_transaction(*facts, reply);
  else if (facts->kind == command_kind::session)
    note_session(command, *facts, reply);
  else if (facts->kind == command_kind::subscription)
    add(one_of(facts->name, {"psync", "sync", "replconf"}) ? leaving::lasting
        : facts->name == "monitor"                         ? leaving::monitor
                                   : leaving::subscription);
  quiet_ = !has(leaving::transaction) && !has(leaving::asking);
}

void redis_leavings::note_queued(const redis_command& command,
                                 const redis_command_facts* facts) {
  auto number = queued_++;
  if (facts != nullptr
      && one_of(facts->kind,
                {command_kind::session, command_kind::subscription}))
    waiting_.emplace_back(number, command);
}

void redis_leavings::note_transaction(const redis_command_facts& facts,
                                      const redis_value& reply) {
  if (facts.name == "exec") {
    // Refused or not, a transaction ends with it.
    note_exec(reply);
    return;
  }
  if (is_error(reply))
    return;
  if (facts.name == "multi")
    add(leaving::transaction);
  else if (facts.name == "watch")
    add(leaving::watch);
  else
    set(leaving::watch, false);
  if (facts.name == "discard") {
    set(leaving::transaction, false);
    set(leaving::asking, false);
    waiting_.clear();
  }
  queued_ = 0;
}

void redis_leavings::note_exec(const redis_value& reply) {
  set(leaving::transaction, false);
  set(leaving::watch, false);
  set(leaving::asking, false);
  auto ran = std::exchange(waiting_, {});
  queued_ = 0;
  auto* replies = reply.array();
  if (replies == nullptr)
    return;
  for (auto& [number, command] : ran)
    if (number < replies->items.size())
      note_unusual(command, find_redis_command(command),
                   replies->items[number]);
}

void redis_leavings::note_session(const redis_command& command,
                                  const redis_command_facts& facts,
                                  const redis_value& reply) {
  auto done = !is_error(reply);
  if (facts.name == "hello")
    note_hello(command, done);
  else if (!done)
    return;
  else if (facts.name == "select")
    database_ = parse_number<std::int64_t>(command.at(1)).value_or(-1);
  else if (facts.name == "auth")
    add(leaving::user);
  else if (facts.name == "readonly")
    set(leaving::replica_reads, !home_reads_);
  else if (facts.name == "readwrite")
    set(leaving::replica_reads, home_reads_);
  else if (facts.name == "asking")
    add(leaving::asking);
  else if (facts.name == "reset")
    note_reset();
  else if (facts.name == "client")
    note_client(command, facts);
  else
    add(leaving::lasting);
  set(leaving::database, database_ != home_database_);
}

void redis_leavings::note_client(const redis_command& command,
                                 const redis_command_facts& facts) {
  auto on = is_word(command.at(2), "on");
  if (facts.subcommand == "setname")
    add(leaving::client_name);
  else if (facts.subcommand == "setinfo")
    add(leaving::library_name);
  else if (facts.subcommand == "no-evict")
    set(leaving::no_evict, on);
  else if (facts.subcommand == "no-touch")
    set(leaving::no_touch, on);
  else if (facts.subcommand == "tracking")
    set(leaving::tracking, on);
  else if (facts.subcommand == "caching")
    // It holds for the next command, and only while tracking is on.
    return;
  else
    add(leaving::lasting);
}

void redis_leavings::note_hello(const redis_command& command, bool done) {
  // What stands before the option that is wrong has taken effect.
  for (std::uint32_t i = 1; i < command.size(); ++i) {
    if (is_word(command.at(i), "auth")) {
      add(leaving::user);
      i += 2;
    } else if (is_word(command.at(i), "setname")) {
      add(leaving::client_name);
      ++i;
    }
  }
  if (done && command.size() > 1)
    set(leaving::protocol,
        parse_number<std::int64_t>(command.at(1)) != home_protocol_);
}

void redis_leavings::note_reset() {
  left_ &= survives_reset;
  queued_ = 0;
  waiting_.clear();
  database_ = 0;
  // The user is `default` now, which may have other rights.
  add(leaving::user);
  add(leaving::client_name);
  set(leaving::protocol, home_protocol_ != 2);
  set(leaving::replica_reads, home_reads_);
}

// -- the way home -------------------------------------------------------------

redis_removal redis_leavings::cheapest_removal(const redis_home& home) const {
  if (nothing())
    return {};
  // Without its first rights a session may not be allowed to undo the rest.
  auto rights = bits({leaving::user, leaving::unknown});
  if (has(leaving::lasting) || (has(leaving::no_evict) && has_any(rights)))
    return {.close = true};
  auto commands = std::vector<redis_command>{};
  if (has_any(~removable) || std::popcount(left_) > few) {
    commands.emplace_back("RESET");
    for (auto& x : redis_set_up(home))
      commands.push_back(std::move(x));
    add_off(commands, *this, home);
    return {.commands = std::move(commands)};
  }
  if (has(leaving::transaction))
    commands.emplace_back("DISCARD");
  else if (has(leaving::watch))
    commands.emplace_back("UNWATCH");
  if (has(leaving::database))
    commands.emplace_back("SELECT", home.database);
  if (has(leaving::protocol))
    commands.emplace_back("HELLO", home.protocol);
  if (has(leaving::client_name))
    commands.emplace_back("CLIENT", "SETNAME", home.client_name);
  if (has(leaving::tracking))
    commands.emplace_back("CLIENT", "TRACKING", "OFF");
  if (has(leaving::replica_reads))
    commands.emplace_back(home.replica ? "READONLY" : "READWRITE");
  add_off(commands, *this, home);
  // Any command ends ASKING; this one needs no right and changes nothing.
  if (commands.empty())
    commands.emplace_back("HELLO");
  return {.commands = std::move(commands)};
}

} // namespace caf_pool
