#pragma once

#include "caf_pool/cache/cache_keys.hpp"
#include "caf_pool/cache/cache_lifetime.hpp"
#include "caf_pool/cache/cache_port.hpp"
#include "caf_pool/cache/shared_random.hpp"
#include "caf_pool/cache/time_budget.hpp"
#include "caf_pool/cache/value_envelope.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace caf_pool {

/// What the server knows of a key.
struct cache_look {
  /// Why it could not be asked; everything else is unset then.
  error why = {};
  /// What is stored, if its tags are valid.
  std::optional<value_envelope> stored = std::nullopt;
  /// Something is stored that no cache of this format wrote.
  bool malformed = false;
  /// The server's clock: ms since 1970.
  std::int64_t now = 0;
  /// Changes with each erasure; empty if there was none of late.
  std::string generation = {};
  /// The tags of a value that would be stored now.
  std::vector<cache_tag> tags = {};
  /// The lock is the caller's.
  bool locked = false;

  /// Returns for how many ms the value is fresh yet.
  std::int64_t left() const noexcept {
    return stored ? stored->expiry - now : 0;
  }

  bool fresh() const noexcept {
    return stored && left() > 0;
  }
};

/// What a cache says to the server.
///
/// Thread-safety: any thread may call it.
class cache_server {
public:
  /// Generations live for `memory`.
  cache_server(std::unique_ptr<cache_port> port, cache_keys keys,
               shared_random& random, duration memory)
    : port_(std::move(port)),
      keys_(std::move(keys)),
      random_(random),
      memory_(memory) {
    // nop
  }

  const cache_keys& keys() const noexcept {
    return keys_;
  }

  /// Looks for a value: one round trip, and another one for tags that the
  /// caller did not name.
  cache_look look(const std::string& key, const std::vector<std::string>& tags,
                  time_budget& budget);

  /// The same before a computation, in one round trip: tries to take the lock
  /// unless `lock` is empty, and makes tags that nobody used yet.
  cache_look prepare(const std::string& key,
                     const std::vector<std::string>& tags,
                     const std::string& lock, duration lock_ttl,
                     time_budget& budget);

  /// Looks for many values: one round trip, and another one if some have tags.
  std::vector<cache_look> look_at_all(const std::vector<std::string>& keys,
                                      time_budget& budget);

  /// Stores what was computed after `from`, unless the key was erased since
  /// then, and gives the lock back. Returns whether it is stored.
  result<bool> store(const std::string& key, const value_envelope& x,
                     cache_lifetime lifetime, const std::string& generation,
                     const std::string& lock, time_budget& budget);

  /// Stores in any case; computations under way store nothing.
  result<void> put(const std::string& key, const value_envelope& x,
                   cache_lifetime lifetime, time_budget& budget);

  /// Gives a lock back, if it is the caller's yet.
  void unlock(const std::string& key, const std::string& lock,
              time_budget& budget);

  /// Removes a value; computations under way store nothing.
  result<void> erase(const std::string& key, time_budget& budget);

  /// Makes all values with a tag invalid, stored or being computed.
  result<void> invalidate(const std::string& tag, time_budget& budget);

private:
  /// Stores a value if its generation is still `before`, or in any case with
  /// the generation `renewed`, if that is not empty.
  result<bool> write(const std::string& key, const value_envelope& x,
                     cache_lifetime lifetime, const std::string& before,
                     const std::string& lock, const std::string& renewed,
                     time_budget& budget);

  result<std::vector<redis_value>> ask(std::vector<redis_command> commands,
                                       time_budget& budget);
  redis_command make_tag(const std::string& name);
  void check_tags(std::vector<cache_look*> all,
                  const std::vector<cache_tag>& known, time_budget& budget);
  cache_look read(const std::string& key, const std::vector<std::string>& tags,
                  std::vector<redis_command> before, time_budget& budget);

  std::unique_ptr<cache_port> port_;
  cache_keys keys_;
  shared_random& random_;
  duration memory_;
};

} // namespace caf_pool
