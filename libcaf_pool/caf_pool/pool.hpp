#pragma once

#include "caf_pool/any_pool.hpp"
#include "caf_pool/backend/backend.hpp"

namespace caf_pool {

/// What a pool of a kind of connection offers. A backend whose server speaks
/// no SQL specialises it with calls in its own words; `lease_words` likewise.
template <class Connection>
class pool_words : public any_pool {
public:
  using any_pool::any_pool;
};

/// A pool of one kind of connection: its leases know the driver's object.
///
/// ~~~
/// caf_pool::pool db{caf_pool::postgres("postgres://app@localhost/shop")};
/// auto rows = db.execute("SELECT name FROM item WHERE id = $1", {7});
/// ~~~
///
/// Thread-safety: as `any_pool`.
template <class Connection>
class pool : public pool_words<Connection> {
public:
  using lease_type = typed_lease<Connection>;

  explicit pool(backend_spec<Connection> x)
    : pool_words<Connection>(x.config, std::move(x.backend), std::move(x.why)) {
    // nop
  }

  pool(caf::actor_system& sys, backend_spec<Connection> x)
    : pool_words<Connection>(sys, x.config, std::move(x.backend),
                             std::move(x.why)) {
    // nop
  }

  /// Makes a pool in the actor system of another one.
  pool(const any_pool& beside, backend_spec<Connection> x)
    : pool_words<Connection>(beside, x.config, std::move(x.backend),
                             std::move(x.why)) {
    // nop
  }

  result<lease_type> acquire(const acquire_options& options = {},
                             const std::source_location& at
                             = std::source_location::current()) {
    return typed(any_pool::acquire(options, at));
  }

  result<lease_type> acquire(duration wait, const std::source_location& at
                                            = std::source_location::current()) {
    return typed(any_pool::acquire(wait, at));
  }

  result<lease_type> try_acquire(const std::source_location& at
                                 = std::source_location::current()) {
    return typed(any_pool::try_acquire(at));
  }

private:
  static result<lease_type> typed(result<lease> x) {
    if (!x)
      return x.error();
    return lease_type{*std::move(x)};
  }
};

} // namespace caf_pool
