#pragma once

#include "caf_pool/calls/redis_scan.hpp"
#include "caf_pool/calls/redis_script.hpp"
#include "caf_pool/core/redis_reading.hpp"
#include "caf_pool/core/work.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace caf_pool {

namespace detail {

template <class T>
result<T> read_reply(result<redis_value> reply) {
  if constexpr (std::is_same_v<T, redis_value>)
    return reply;
  else if (reply)
    return reply->template as<T>();
  else
    return reply.error();
}

} // namespace detail

/// The words of Redis for whatever runs work: `Self` has
/// `result<outcome> run(const work&, const How&)`. Pools, leases and remote
/// pools offer the same calls that way.
///
/// Thread-safety: that of `Self`.
template <class Self, class How>
class redis_calls {
public:
  /// Runs one command and reads its reply as a `T`:
  ///
  /// ~~~
  /// cache.command("SET", "user:7", "Ann", "EX", 60).value();
  /// auto name = cache.command<std::optional<std::string>>("GET", "user:7");
  /// ~~~
  ///
  /// An error reply is an error whose state is the reply's first word, e.g.
  /// "WRONGTYPE". A key that is missing is a value: nil.
  template <class T = redis_value, detail::redis_argument... Ts>
  result<T> command(std::string_view name, const Ts&... arguments) {
    return send<T>(redis_command{name, arguments...});
  }

  /// The same for a command at hand.
  template <class T = redis_value>
  result<T> send(redis_command what, const How& how = {}) {
    auto replies = replies_to(work{std::move(what)}, how);
    if (!replies)
      return replies.error();
    return detail::read_reply<T>(std::move(replies->items.front()));
  }

  /// Sends all commands before it waits for the first reply: one round trip.
  /// Each command stands for itself, and others' may run in between. Returns a
  /// reply or an error for each, in their order; or one error if nothing was
  /// sent at all, or if the only command failed.
  result<redis_replies> pipeline(std::vector<redis_command> commands,
                                 const How& how = {}) {
    return replies_to(
      work{redis_commands{std::move(commands), redis_commands::form::pipeline}},
      how);
  }

  /// Runs all commands with nobody else's in between (MULTI and EXEC), or none
  /// of them if the server refuses one beforehand. One that fails while it runs
  /// does not undo the others: `partial` tells of that.
  result<redis_replies> transaction(std::vector<redis_command> commands,
                                    const How& how = {}) {
    return replies_to(work{redis_commands{std::move(commands),
                                          redis_commands::form::transaction}},
                      how);
  }

  /// Runs a script by its digest, and makes it known to a server that does not
  /// know it yet.
  template <class T = redis_value>
  result<T> script(const redis_script& what,
                   const std::vector<std::string>& keys = {},
                   const std::vector<std::string>& arguments = {},
                   const How& how = {}) {
    auto call = what.call(keys, arguments);
    auto reply = send<redis_value>(call, how);
    if (!reply && reply.error().state == "NOSCRIPT")
      reply = load_and_send(what, std::move(call), how);
    return detail::read_reply<T>(std::move(reply));
  }

  /// Returns the keys that match a pattern as a range, which asks for about
  /// `portion` of them at a time.
  redis_scan<redis_calls> scan(std::string_view match = "*",
                               std::uint32_t portion = 100) {
    return {*this, match, portion};
  }

private:
  result<redis_replies> replies_to(work what, const How& how) {
    auto done = static_cast<Self&>(*this).run(what, how);
    if (!done)
      return done.error();
    return std::move(done->replies());
  }

  /// EVAL would do for once; servers forget what it ran, and keep what was
  /// loaded.
  result<redis_value> load_and_send(const redis_script& what,
                                    redis_command call, const How& how) {
    std::vector<redis_command> both;
    both.push_back(what.load());
    both.push_back(std::move(call));
    auto replies = pipeline(std::move(both), how);
    if (!replies)
      return replies.error();
    return std::move(replies->items.back());
  }
};

} // namespace caf_pool
