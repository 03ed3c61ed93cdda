#include "caf_pool/redis/redis_pool.hpp"

#include "caf_pool/core/random.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace caf_pool {

namespace {

using lease_type = typed_lease<redis_connection>;

constexpr duration shortest_pause = std::chrono::milliseconds{1};
constexpr duration longest_pause = std::chrono::milliseconds{20};

/// Waits for a random time, so that those who met do not meet again; not beyond
/// the deadline.
void pause(time_point deadline) {
  static std::atomic<std::uint64_t> calls = 0;
  auto random = random_source{
    static_cast<std::uint64_t>(clock::now().time_since_epoch().count())
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

result<void> watch(lease_type& held, const std::vector<std::string>& keys,
                   std::optional<duration> limit) {
  auto command = redis_command{"WATCH"};
  for (auto& key : keys)
    command.add(std::string_view{key});
  auto done = held.send(std::move(command), limit);
  if (!done)
    return done.error();
  return {};
}

} // namespace

result<redis_replies> pool_words<redis_connection>::transact(
  const std::vector<std::string>& keys, const transaction_body& body,
  const acquire_options& options, int attempts) {
  auto end
    = options.limit ? add_saturated(clock::now(), *options.limit) : never;
  auto held = acquire(options);
  if (!held)
    return held.error();
  auto mine = lease_type{*std::move(held)};
  auto left = [&]() -> std::optional<duration> {
    if (end == never)
      return std::nullopt;
    return left_until(end, clock::now());
  };
  for (auto i = 1;; ++i) {
    if (auto ok = watch(mine, keys, left()); !ok)
      return ok.error();
    auto commands = body(mine);
    if (!commands)
      return commands.error();
    auto done = mine.transaction(*std::move(commands), left());
    if (done || done.error().state != "CONFLICT")
      return done;
    if (i >= attempts || clock::now() >= end)
      return conflict(i);
    pause(end);
  }
}

} // namespace caf_pool
