#pragma once

#include "caf_pool/machine/pool_machine.hpp"

#include "machine/effect_text.hpp"
#include "machine/virtual_time.hpp"
#include "support/catch_compat.hpp"

namespace caf_pool {

/// A pool machine with its clock. Every input returns the orders as text and
/// fails the test if the machine's state makes no sense afterwards.
class pool_bench {
public:
  /// Two connections, no front, no probes, nothing that happens by itself
  /// within a minute.
  static pool_config plain();

  /// The same with a front.
  static pool_config with_front();

  explicit pool_bench(const pool_config& config = plain());

  // -- inputs -----------------------------------------------------------------

  lines pause();
  lines resume();
  lines drain();
  lines shut_down();
  lines reconnect();
  lines configure(const pool_config& config, bool recycle = false);
  lines force(breaker_state to);

  lines acquire(std::uint64_t caller,
                duration timeout = std::chrono::seconds{10});
  lines acquire(const acquire_input& x);
  lines try_acquire(std::uint64_t caller);
  lines cancel(std::uint64_t caller);
  lines release(const lease_id& lease, const lease_end& how = {});
  /// Releases the present lease of a connection.
  lines release(std::uint64_t connection, const lease_end& how = {});
  lines release(std::uint64_t connection, trace left);
  lines holder_lost(std::uint64_t connection, bool busy);
  lines settled(std::uint64_t connection, const lease_end& how = {});

  lines withdrawn(std::uint64_t connection, std::uint64_t uses = 0);
  lines front_empty();
  lines returned(std::uint64_t connection, const lease_end& how = {});
  /// Somebody who took from the front keeps what he has as a lease.
  lines claimed(std::uint64_t connection, std::uint64_t uses, time_point since);
  lines observe(std::vector<front_view> slots);

  lines opened(std::uint64_t connection,
               duration took = std::chrono::milliseconds{5});
  lines not_opened(std::uint64_t connection);
  lines open_failed(std::uint64_t connection, errc why = errc::open_failed);
  lines probed(std::uint64_t connection, bool well = true);
  /// The answer to the last look for the server.
  lines looked(errc why = errc::none);
  lines reset_done(std::uint64_t connection, bool well = true);
  lines closed(std::uint64_t connection);

  lines tick();

  // -- shorthands -------------------------------------------------------------

  /// Lets time pass and ticks as often as the machine wants it; returns what
  /// was ordered.
  lines pass(duration x);

  /// Lets time pass without a tick.
  void wait(duration x) {
    now += x;
  }

  /// Makes the pool hold so many idle connections.
  void fill(std::uint64_t n);

  /// Kills the pool's actor and puts a successor in its place.
  lines restart();

  lease_id lease_of(std::uint64_t connection) const;
  connection_state state_of(std::uint64_t connection) const;
  bool has(std::uint64_t connection) const;
  pool_gauges gauges() const;
  const pool_counters& counters() const;

  /// Takes the events since the last call.
  lines events();

  /// Takes the text of the last event of a kind; empty if there was none.
  std::string text_of(event_kind kind) const;

  /// A failure as servers cause it.
  static error failure(errc code = errc::connection_lost);

  time_point now = at(duration::zero());
  pool_machine uut;
  /// The backend can look whether its server is there.
  bool sighted = false;
  /// The last rejection's reason.
  error why;
  /// The last orders, events included.
  effects last;

private:
  lines note(effects orders);

  lines events_;
  std::uint64_t tickets_ = 1000;
  std::uint64_t looks_ = 0;
  std::vector<pool_event> texts_;
};

} // namespace caf_pool
