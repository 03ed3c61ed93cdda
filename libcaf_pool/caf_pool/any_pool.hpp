#pragma once

#include "caf_pool/core/call_options.hpp"
#include "caf_pool/core/pool_snapshot.hpp"
#include "caf_pool/lease/lease.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace caf {
class actor_system;
} // namespace caf

namespace caf_pool {

struct holder;
struct pool_ref;

/// A pool in a program: acquires, executes, and ends with its owner. The kind
/// of connection does not matter here; `pool<Connection>` adds it.
///
/// Thread-safety: all members from any thread, but for moving and destroying.
class any_pool {
public:
  /// Calls back once, on a thread of the actor system: do not block there.
  using acquire_handler = std::function<void(result<lease>)>;

  /// Makes an actor system of its own, shared by all pools of the process.
  /// `why` tells why there is no backend, if there is none.
  any_pool(const pool_config& config, backend_ptr backend, error why = {});
  any_pool(caf::actor_system& sys, const pool_config& config,
           backend_ptr backend, error why = {});

  /// Makes a pool in the actor system of another one, which it may outlive.
  any_pool(const any_pool& beside, const pool_config& config,
           backend_ptr backend, error why = {});

  /// Joins a pool that was made by `spawn_pool`; ends it, too.
  any_pool(pool_ref ref, const pool_config& config);

  any_pool(any_pool&&) noexcept;
  any_pool& operator=(any_pool&&) noexcept;

  /// Drains for at most `close_timeout`. Leases that are still out stay valid
  /// objects; what is done with them fails.
  ~any_pool();

  /// Returns an error if the settings were refused; every call returns it then.
  result<void> ready() const;

  /// The settings that it was made with; new ones in force do not show here.
  const pool_config& config() const noexcept;

  /// Waits until `min_size` connections are open.
  result<void> warm_up(duration limit);

  /// Takes a connection, waits for one if need be.
  result<lease> acquire(const acquire_options& options = {},
                        const std::source_location& at
                        = std::source_location::current());

  result<lease> acquire(duration wait, const std::source_location& at
                                       = std::source_location::current());

  /// Takes a connection that is free right now, or none. May start opening one.
  result<lease> try_acquire(const std::source_location& at
                            = std::source_location::current());

  /// Does not block; the result comes to the handler.
  void acquire_async(acquire_handler handler,
                     const acquire_options& options = {},
                     const std::source_location& at
                     = std::source_location::current());

  /// Acquires, executes and releases.
  result<sql_result> execute(const sql_statement& what,
                             const acquire_options& options = {},
                             const std::source_location& at
                             = std::source_location::current());

  result<sql_result> execute(std::string sql,
                             std::initializer_list<sql_parameter> parameters,
                             const std::source_location& at
                             = std::source_location::current());

  /// As above for work of any kind; several statements are one transaction.
  result<outcome> run(const work& what, const acquire_options& options = {},
                      const std::source_location& at
                      = std::source_location::current());

  /// Runs the function in a transaction: committed if it returns a value,
  /// rolled back if it returns an error or throws.
  result<void> transaction(const std::function<result<void>(lease&)>& work,
                           const acquire_options& options = {},
                           const std::source_location& at
                           = std::source_location::current());

  /// Everything there is to know. Never waits for the server, but at most
  /// `limit` for the pool's actor.
  result<pool_snapshot> snapshot(duration limit
                                 = std::chrono::seconds{1}) const;

  /// Takes no more callers; returns when all connections are closed, or at the
  /// limit, when the rest was taken away from its holders.
  result<void> drain(duration limit);

  /// For programs with actors of their own. Requires `ready()`.
  const pool_ref& actors() const;

private:
  struct impl;

  /// What the options limit.
  enum class bounds : std::uint8_t { waiting, whole_call };

  result<lease> acquire_on(bounds what, const acquire_options& options,
                           const std::source_location& at);

  /// As above where the front has nothing, or may not serve.
  result<lease> acquire_slowly(bounds what, const acquire_options& options,
                               const std::source_location& at);

  /// Calls a function with a lease and the end of the call.
  template <class F>
  std::invoke_result_t<F, lease&, time_point> with_lease(
    const acquire_options& options, const std::source_location& at, F&& f);

  result<lease> queue(const call_options& how, const holder& who);

  std::unique_ptr<impl> impl_;
};

} // namespace caf_pool
