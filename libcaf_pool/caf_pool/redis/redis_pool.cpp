#include "caf_pool/redis/redis_pool.hpp"

#include "caf_pool/backend/redis/redis_blocking.hpp"
#include "caf_pool/core/random.hpp"
#include "caf_pool/redis/redis_companions.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <variant>

namespace caf_pool {

namespace {

constexpr duration shortest_pause = std::chrono::milliseconds{1};
constexpr duration longest_pause = std::chrono::milliseconds{20};

/// Waits for a random time, so that those who met do not meet again; not beyond
/// the deadline.
void pause(time_point deadline) {
  static std::atomic<std::uint64_t> calls = 0;
  auto random = random_source{seed_of(clock::now())
                              + calls.fetch_add(1, std::memory_order_relaxed)};
  auto length = random.between(shortest_pause, longest_pause);
  std::this_thread::sleep_for(
    std::min(length, left_until(deadline, clock::now())));
}

error conflict(int attempts) {
  return {errc::execute_failed,
          "a key that the transaction watches was changed by somebody else in "
          "each of "
            + std::to_string(attempts)
            + " attempts; allow more of them, or do it in a script",
          "CONFLICT"};
}

template <class Lease>
result<void> watch(Lease& held, const std::vector<std::string>& keys,
                   std::optional<duration> limit) {
  auto command = redis_command{"WATCH"};
  for (auto& key : keys)
    command.add(std::string_view{key});
  auto done = held.send(std::move(command), limit);
  if (!done)
    return done.error();
  return {};
}

/// How much longer than the command's own time a call may take: the connection
/// ends it far sooner.
constexpr duration slack = std::chrono::minutes{1};

error no_limit(const redis_command& x) {
  return {errc::invalid_argument,
          std::string{x.name()}
            + " would wait for ever; give it a time, or the call a limit",
          {}};
}

error does_not_block(const redis_command& x) {
  return {
    errc::invalid_argument,
    std::string{x.name()}
      + " does not wait for what others do; use command(...) or send(...)",
    {}};
}

} // namespace

template <class Connection>
result<redis_replies> redis_pool_words<Connection>::transact(
  const std::vector<std::string>& keys, const transaction_body& body,
  const acquire_options& options, int attempts) {
  auto end
    = options.limit ? add_saturated(clock::now(), *options.limit) : never;
  auto held = acquire(options);
  if (!held)
    return held.error();
  auto mine = typed{*std::move(held)};
  auto left = [&]() -> std::optional<duration> {
    if (end == never)
      return std::nullopt;
    return left_until(end, clock::now());
  };
  for (auto i = 1;; ++i) {
    if (auto ok = watch(mine, keys, left()); !ok)
      return ok.error();
    auto commands = body(mine);
    // Of a cluster, what the body asks may find that the keys moved.
    if (!commands && commands.error().state != "CONFLICT")
      return commands.error();
    auto done = commands ? mine.transaction(*std::move(commands), left())
                         : result<redis_replies>{commands.error()};
    if (done || done.error().state != "CONFLICT")
      return done;
    if (i >= attempts || clock::now() >= end)
      return conflict(i);
    pause(end);
  }
}

// -- shared connections -------------------------------------------------------

pool_words<redis_connection>::~pool_words() {
  if (!lanes_)
    return;
  if (ready())
    (void) drain(config().close_timeout);
  lanes_->end();
}

result<outcome> pool_words<redis_connection>::run(
  const work& what, const acquire_options& options,
  const std::source_location& at) {
  auto* commands = std::get_if<redis_commands>(&what.what);
  auto lanes = lanes_;
  if (!lanes || commands == nullptr)
    return any_pool::run(what, options, at);
  auto here = redis_lanes::visit{*lanes};
  auto how = options;
  if (here.crowded())
    if (auto done = lanes->run(*this, *commands, how);
        done && !lanes->may_repeat(*done, how))
      return *std::move(done);
  return any_pool::run(what, how, at);
}

// -- connections outside of the pool ------------------------------------------

std::shared_ptr<redis_companions> pool_words<
  redis_connection>::no_companions() {
  return std::make_shared<redis_companions>();
}

result<pool<redis_connection>*> pool_words<redis_connection>::blocking_pool() {
  if (auto ok = ready(); !ok)
    return ok.error();
  return beside_->blocking(*this);
}

result<redis_value> pool_words<redis_connection>::wait_for(
  redis_command what, const acquire_options& options) {
  if (!blocks(what))
    return does_not_block(what);
  // What the server cannot read either, it refuses at once.
  auto own = redis_waiting_time(what).value_or(slack);
  if (own == duration::zero() && !options.limit)
    return no_limit(what);
  auto where = blocking_pool();
  if (!where)
    return where.error();
  auto end
    = options.limit ? add_saturated(clock::now(), *options.limit) : never;
  auto held = (*where)->acquire(options);
  if (!held)
    return held.error();
  return held->send(std::move(what), options.limit
                                       ? left_until(end, clock::now())
                                       : own + slack);
}

result<redis_subscription> pool_words<redis_connection>::subscribe(
  const redis_topics& what, redis_listener listener, duration limit) {
  if (auto ok = ready(); !ok)
    return ok.error();
  return beside_->subscriber(*this).subscribe(what, std::move(listener), limit);
}

const redis_subscriber* pool_words<redis_connection>::subscriber() const {
  return beside_->present_subscriber();
}

result<void> pool_words<redis_connection>::drain(duration limit) {
  auto until = add_saturated(clock::now(), limit);
  auto ok = beside_->drain(limit);
  auto rest = any_pool::drain(left_until(until, clock::now()));
  return ok ? rest : ok;
}

template class redis_pool_words<redis_connection>;
template class redis_pool_words<redis_cluster_connection>;

} // namespace caf_pool
