#pragma once

#include "caf_pool/cache/background_tasks.hpp"
#include "caf_pool/cache/cache_policy.hpp"
#include "caf_pool/cache/cache_server.hpp"
#include "caf_pool/cache/cache_stats.hpp"
#include "caf_pool/cache/cached.hpp"
#include "caf_pool/cache/computation_slots.hpp"
#include "caf_pool/cache/failure_memory.hpp"
#include "caf_pool/cache/local_tier.hpp"
#include "caf_pool/cache/shared_random.hpp"
#include "caf_pool/cache/single_flight.hpp"
#include "caf_pool/core/result.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// A cache of bytes: what `redis_cache` does for all types.
///
/// Thread-safety: any thread may call it.
class cache_core {
public:
  using answer = cache_answer;

  /// Returns the value's bytes, or nothing if there is no such value.
  using computation
    = std::function<result<std::optional<std::string>>(time_point deadline)>;

  cache_core(std::unique_ptr<cache_port> port, cache_options options);

  cache_core(const cache_core&) = delete;
  cache_core& operator=(const cache_core&) = delete;

  answer get(const std::string& key, const std::vector<std::string>& tags,
             std::optional<duration> limit);

  std::vector<answer> get_many(const std::vector<std::string>& keys,
                               std::optional<duration> limit);

  /// With `distrust`, what is stored cannot be read, and is not served.
  result<answer> get_or_compute(const std::string& key,
                                const cache_policy& policy,
                                const computation& compute, bool distrust);

  /// Asks the source first, and what is stored only if that fails.
  result<answer> fallback(const std::string& key, const cache_policy& policy,
                          const computation& source);

  result<void> set(const std::string& key, std::string bytes,
                   const cache_policy& policy);

  result<void> erase(const std::string& key, std::optional<duration> limit);

  result<void> invalidate_tag(const std::string& tag,
                              std::optional<duration> limit);

  /// Somebody else changed a key of the server, or nobody knows which.
  void server_changed(std::optional<std::string_view> server_key);

  cache_stats stats() const;

private:
  /// One call that may compute, and what it found.
  struct request {
    const std::string& key;
    const cache_policy& policy;
    const computation& compute;
    time_budget budget;
    /// What is stored is of no use.
    bool distrust = false;
    /// What is stored is served only if computing fails.
    bool source_first = false;
    cache_look seen = {};
    /// Of the local tier, before the server was asked.
    std::uint64_t drops = 0;
    time_point asked = {};
    /// The token of the shared lock; empty without one.
    std::string lock = {};
  };

  enum class purpose {
    /// There is nothing to serve.
    fill,
    /// What is stored can be served.
    renew,
  };

  using outcome_type = result<answer>;

  time_budget budget_of(std::optional<duration> limit) const;
  time_budget computing(const cache_policy& policy) const;
  bool storable(const std::string& key) const noexcept;
  cache_look noted(cache_look x);
  std::optional<answer> find_near(const std::string& key,
                                  const std::vector<std::string>& tags);
  std::optional<answer> old_near(const request& x, const error& why,
                                 duration beyond);
  void keep_near(const std::string& key, const value_envelope& x,
                 std::int64_t left_ms, duration beyond, time_point asked,
                 std::uint64_t drops);
  answer to_answer(const cache_look& look) const;
  answer old_answer(const request& x, const error& why) const;
  outcome_type counted(outcome_type x);
  void note(const error& why);

  cache_look look(request& x);
  bool may_serve(const request& x, duration beyond) const;
  bool may_serve_at_last(const request& x) const;
  bool is_due(const request& x);
  bool is_new(const request& x, const cache_look& look) const;
  outcome_type serve(request& x);
  std::optional<outcome_type> renew(request& x);
  void renew_later(const request& x);
  template <class F>
  outcome_type join(request& x, F&& lead_on);
  outcome_type fill(request& x);
  outcome_type late(const request& x) const;
  std::optional<outcome_type> lead(request& x, single_flight::seat& seat,
                                   purpose why);
  cache_look prepare(request& x, purpose why);
  void pause(const request& x);
  result<std::optional<std::string>> compute(request& x);
  outcome_type compute_and_store(request& x, const cache_look& before);
  outcome_type compute_alone(request& x, const error& why);
  outcome_type compute_without(request& x, single_flight::seat& seat,
                               const error& why);
  outcome_type failed(request& x, const cache_look& before, const error& why);
  void store(request& x, const cache_look& before, time_point begin,
             const std::optional<std::string>& bytes);
  void unlock(request& x, const cache_look& before);

  const cache_options options_;
  shared_random random_;
  cache_server server_;
  cache_counters counters_;
  single_flight flights_;
  computation_slots slots_;
  failure_memory failures_;
  local_tier local_;
  // Last: its tasks use all of the above.
  background_tasks background_;
};

} // namespace caf_pool
