#include "caf_pool/backend/redis/redis_reply_class.hpp"

#include "caf_pool/core/ascii.hpp"

#include <algorithm>
#include <string>

namespace caf_pool {

namespace {

using category = redis_reply_class;
using fate = redis_connection_fate;
using retry = redis_retry;
using health = redis_health;

constexpr bool bumps = true;

struct known_reply {
  /// What the reply begins with.
  std::string_view beginning;
  redis_reply_meaning meaning;
  std::string_view advice;
};

constexpr redis_reply_meaning own_fault(errc code) {
  return {category::own_fault, code, fate::keep, retry::no, health::well};
}

constexpr redis_reply_meaning not_now(health server) {
  return {category::not_now, errc::server_unready, fate::keep,
          retry::after_backoff, server};
}

constexpr redis_reply_meaning no_writes(retry again) {
  return {category::no_writes_now, errc::server_unready, fate::keep, again,
          health::unknown};
}

constexpr redis_reply_meaning over(health server, bool bump = false) {
  return {category::over, errc::connection_lost,
          fate::close,    retry::no,
          server,         bump};
}

constexpr redis_reply_meaning elsewhere{category::elsewhere,
                                        errc::execute_failed, fate::keep,
                                        retry::redirect, health::well};
constexpr redis_reply_meaning redirect{
  category::elsewhere, errc::execute_failed, fate::retire,
  retry::redirect,     health::well,         bumps};
constexpr redis_reply_meaning read_only{
  category::no_writes_now, errc::server_unready, fate::retire,
  retry::other_connection, health::unknown,      bumps};
constexpr redis_reply_meaning login{category::login, errc::unauthorized,
                                    fate::close, retry::no, health::unknown};

constexpr std::string_view ask_cluster
  = "the server is part of a cluster and another node has the key: set "
    "cluster = true";

constexpr known_reply words[]{
  {"ASK", elsewhere, ask_cluster},
  {"BUSY", not_now(health::failing),
   "a script runs for too long: wait for its end, or end it by SCRIPT KILL or "
   "FUNCTION KILL"},
  {"CLUSTERDOWN", not_now(health::failing),
   "the cluster has no node for the key at the moment; it will be tried again"},
  {"CROSSSLOT", own_fault(errc::invalid_argument),
   "keys of one command or transaction lie in one slot if they share what "
   "stands in braces, as in {user:7}:name"},
  {"DENIED", over(health::failing),
   "the server is in protected mode: give it a password or bind it to an "
   "address that only friends reach"},
  {"LOADING", not_now(health::failing),
   "the server loads its data; it will be tried again"},
  {"MASTERDOWN", not_now(health::failing),
   "the replica has lost its master, and may not answer with old data "
   "(replica-serve-stale-data)"},
  {"MISCONF", no_writes(retry::no),
   "the server cannot save its data: look at its disk and its log"},
  {"MOVED", elsewhere, ask_cluster},
  {"NOAUTH", login, "set user and password of the pool"},
  {"NOPERM", own_fault(errc::forbidden),
   "the user needs more rights: see ACL SETUSER and ACL LOG"},
  {"NOREPLICAS", no_writes(retry::after_backoff),
   "too few replicas follow the master (min-replicas-to-write)"},
  {"OOM", no_writes(retry::no),
   "the server's memory is full: raise maxmemory, choose a maxmemory-policy "
   "that evicts keys, or store less"},
  {"READONLY", read_only,
   "the server is a replica, or became one: let the pool find the master"},
  {"REDIRECT", redirect, "the server is no master any more"},
  {"TRYAGAIN", not_now(health::unknown),
   "the keys are being moved to another node; it will be tried again"},
  {"UNBLOCKED", over(health::unknown, bumps),
   "the server is no master any more, or somebody ended the wait by CLIENT "
   "UNBLOCK"},
  {"WRONGPASS", login, "check user and password of the pool"},
};

static_assert(std::is_sorted(std::begin(words), std::end(words),
                             [](auto& x, auto& y) {
                               return x.beginning < y.beginning;
                             }));

/// These end the connection, although they begin as any error may.
constexpr known_reply last_words[]{
  {"ERR max number of clients reached", over(health::failing),
   "lower the pools' max_size or raise the server's maxclients"},
  {"ERR Protocol error", over(health::unknown), {}},
};

constexpr known_reply any_other{{}, own_fault(errc::execute_failed), {}};
constexpr known_reply aborted{{},
                              own_fault(errc::execute_failed),
                              "one of its commands was refused before: see the "
                              "reply to it"};

constexpr bool is_word_char(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view without_mark(std::string_view reply) noexcept {
  if (reply.starts_with('-'))
    reply.remove_prefix(1);
  return reply;
}

/// Tells whether a command of a running script failed: the server names script
/// and line, as in "... script: 3d1f, on @user_script:1."
bool is_of_script(std::string_view reply) noexcept {
  auto where = reply.rfind(", on @user_");
  return where != reply.npos && reply.ends_with('.')
         && reply.substr(0, where).rfind("script: ") != reply.npos;
}

/// Returns why EXEC was refused, or nothing if the reply does not tell.
std::string_view cause_of(std::string_view reply) noexcept {
  constexpr std::string_view mark = "because of: ";
  auto at = reply.find(mark);
  return at == reply.npos ? std::string_view{}
                          : without_mark(reply.substr(at + mark.size()));
}

const known_reply& find_reply(std::string_view reply) noexcept {
  auto word = redis_first_word(reply);
  if (word == "EXECABORT") {
    auto cause = cause_of(reply);
    // No cause is an abort itself, so this ends.
    return cause.empty() || cause.size() >= reply.size() ? aborted
                                                         : find_reply(cause);
  }
  if (word == "ERR")
    for (auto& x : last_words)
      if (without_mark(reply).starts_with(x.beginning))
        return x;
  auto less
    = [](const known_reply& x, std::string_view y) { return x.beginning < y; };
  auto i = std::lower_bound(std::begin(words), std::end(words), word, less);
  return i != std::end(words) && i->beginning == word ? *i : any_other;
}

} // namespace

std::string_view redis_first_word(std::string_view reply) noexcept {
  reply = without_mark(reply);
  auto word = reply.substr(0, reply.find(' '));
  return std::all_of(word.begin(), word.end(), is_word_char)
           ? word
           : std::string_view{};
}

redis_reply_meaning redis_meaning_of(std::string_view reply) noexcept {
  auto result = find_reply(reply).meaning;
  if (result.category == category::own_fault || !is_of_script(reply))
    return result;
  result.category = category::own_fault;
  result.code = errc::execute_failed;
  result.retry = retry::no;
  result.health = health::well;
  // What a script meets does not end its connection; a new role of the server
  // stays one.
  if (result.connection == fate::close) {
    result.connection = fate::keep;
    result.new_generation = false;
  }
  return result;
}

std::string_view redis_advice(std::string_view reply) noexcept {
  return find_reply(reply).advice;
}

error redis_error(std::string_view reply) {
  auto text = without_controls(without_mark(reply));
  auto advice = redis_advice(reply);
  if (!advice.empty()) {
    text += "; ";
    text += advice;
  }
  return {redis_meaning_of(reply).code, std::move(text),
          std::string{redis_first_word(reply)}};
}

} // namespace caf_pool
