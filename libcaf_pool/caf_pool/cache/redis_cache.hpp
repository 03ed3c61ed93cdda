#pragma once

#include "caf_pool/cache/cache_codec.hpp"
#include "caf_pool/cache/cache_core.hpp"
#include "caf_pool/cache/cache_policy.hpp"
#include "caf_pool/cache/cache_port.hpp"
#include "caf_pool/cache/cache_stats.hpp"
#include "caf_pool/cache/cached.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace caf_pool {

namespace detail {

/// The value that a computation is about, whatever it wraps it in.
template <class T>
struct cache_value {
  using type = T;
};

template <class T>
struct cache_value<result<T>> : cache_value<T> {};

template <class T>
struct cache_value<std::optional<T>> : cache_value<T> {};

template <class F>
auto call_computation(F& f, time_point deadline) {
  if constexpr (std::is_invocable_v<F&, time_point>)
    return f(deadline);
  else
    return f();
}

template <class F>
using computed_value = typename cache_value<decltype(call_computation(
  std::declval<F&>(), time_point{}))>::type;

} // namespace detail

/// A cache of computed values in Redis:
///
/// ~~~
/// caf_pool::redis_cache cache{redis_pool};
/// auto name = cache.get_or_compute("user:7", {.ttl = 60s}, [&] {
///   return load_name(7); // std::string, or std::optional or result of it
/// });
/// ~~~
///
/// Values are of any type that has a `cache_codec`. A cache fails nobody: where
/// Redis is down, slow or full the value is computed, and statistics tell.
///
/// A value that is erased, set or invalidated is not served to calls that begin
/// after that one returned without an error, by any process, but for those that
/// share a computation of another process's or keep values locally
/// (`cache_options::local_entries`).
///
/// Thread-safety: any thread may call it. The pool must outlive it.
class redis_cache {
public:
  /// `calls` is a pool of Redis, or `remote_redis`.
  template <class Calls>
  explicit redis_cache(Calls& calls, cache_options options = {})
    : core_(std::make_unique<cache_port_to<Calls>>(calls), std::move(options)) {
    // nop
  }

  /// Returns the value if it is stored: `hit`, `stale`, `negative`, `miss`, or
  /// `unavailable` with the reason. Never computes. Naming the tags of the
  /// value saves a round trip.
  template <class T>
  cached<T> get(const std::string& key,
                const std::vector<std::string>& tags = {},
                std::optional<duration> limit = std::nullopt) {
    return decoded<T>(core_.get(key, tags, limit));
  }

  /// Returns an answer for each key, in their order.
  template <class T>
  std::vector<cached<T>> get_many(const std::vector<std::string>& keys,
                                  std::optional<duration> limit
                                  = std::nullopt) {
    std::vector<cached<T>> result;
    for (auto& x : core_.get_many(keys, limit))
      result.push_back(decoded<T>(std::move(x)));
    return result;
  }

  /// Returns the value, and computes and stores it if need be. `compute` may
  /// take the call's deadline, and returns a T, an optional (nothing: there is
  /// no such value, which is cached, too), or a `result` of these. It runs on
  /// the caller's thread, for one caller of a key at a time, whose result or
  /// error the others share. Where it throws, so does the caller that ran it,
  /// and another one computes.
  ///
  /// Returns the error of `compute` if nothing stale may be served instead, and
  /// `execute_timeout` if the value does not come within the policy's limit.
  template <class F, class T = detail::computed_value<F>>
  result<cached<T>> get_or_compute(const std::string& key,
                                   const cache_policy& policy, F compute) {
    auto bytes = encoding<T>(std::move(compute));
    auto found = core_.get_or_compute(key, policy, bytes, false);
    if (!found)
      return found.error();
    if (auto result = read<T>(*found))
      return *std::move(result);
    found = core_.get_or_compute(key, policy, bytes, true);
    if (!found)
      return found.error();
    if (auto result = read<T>(*found))
      return *std::move(result);
    return error{errc::internal,
                 "the cache_codec cannot read what it wrote for \"" + key + '"',
                 ""};
  }

  /// The other way round: asks `source` first, stores what it says, and returns
  /// what is stored if it fails: for sources whose values should be new, and
  /// better old than none.
  template <class F, class T = detail::computed_value<F>>
  result<cached<T>> fallback(const std::string& key, const cache_policy& policy,
                             F source) {
    auto found = core_.fallback(key, policy, encoding<T>(std::move(source)));
    if (!found)
      return found.error();
    return decoded<T>(*std::move(found));
  }

  /// Stores a value. Computations under way store nothing over it. Returns
  /// `result_too_large` beyond the limits, and the error of Redis: then it may
  /// be stored or not.
  template <class T>
  result<void> set(const std::string& key, const T& value,
                   const cache_policy& policy) {
    return core_.set(key, cache_codec<T>::encode(value), policy);
  }

  result<void> set(const std::string& key, const char* value,
                   const cache_policy& policy) {
    return core_.set(key, value, policy);
  }

  /// Removes a value. Computations under way, by any process, do not store what
  /// they began to compute before. After an error the old value may be served
  /// yet: erase again.
  result<void> erase(const std::string& key,
                     std::optional<duration> limit = std::nullopt) {
    return core_.erase(key, limit);
  }

  /// Makes all values with a tag invalid, those being computed included.
  result<void> invalidate_tag(const std::string& tag,
                              std::optional<duration> limit = std::nullopt) {
    return core_.invalidate_tag(tag, limit);
  }

  /// For whoever hears of changed keys (CLIENT TRACKING with BCAST and the
  /// prefix of this cache): drops what the process keeps of a key of the
  /// server, or of all if it is not known what changed, as after a lost
  /// connection.
  void server_changed(std::optional<std::string_view> server_key) {
    core_.server_changed(server_key);
  }

  cache_stats stats() const {
    return core_.stats();
  }

private:
  template <class T, class F>
  static cache_core::computation encoding(F compute) {
    return
      [compute = std::move(compute)](
        time_point deadline) mutable -> result<std::optional<std::string>> {
        return encoded<T>(detail::call_computation(compute, deadline));
      };
  }

  template <class T>
  static result<std::optional<std::string>> encoded(const T& x) {
    return std::optional{cache_codec<T>::encode(x)};
  }

  template <class T, class U>
  static result<std::optional<std::string>> encoded(const std::optional<U>& x) {
    if (!x)
      return std::optional<std::string>{};
    return encoded<T>(*x);
  }

  template <class T, class U>
  static result<std::optional<std::string>> encoded(const result<U>& x) {
    if (!x)
      return x.error();
    return encoded<T>(*x);
  }

  /// Returns nothing for bytes that are no `T`.
  template <class T>
  static std::optional<cached<T>> read(const cache_answer& x) {
    auto result = cached<T>{x.state, std::nullopt, x.why, x.fresh_for};
    if (!x.value)
      return result;
    result.value = cache_codec<T>::decode(*x.value);
    if (!result.value)
      return std::nullopt;
    return result;
  }

  template <class T>
  static cached<T> decoded(cache_answer x) {
    if (auto result = read<T>(x))
      return *std::move(result);
    return {cache_state::miss, std::nullopt, x.why, {}};
  }

  cache_core core_;
};

} // namespace caf_pool
