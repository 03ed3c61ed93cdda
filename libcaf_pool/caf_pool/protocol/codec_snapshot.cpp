#include "caf_pool/protocol/codec_parts.hpp"

#include <cstdint>
#include <string_view>

namespace caf_pool::wire {

// More buckets than any histogram of ours will have.
constexpr std::uint64_t max_buckets = 4096;

template <class Enum>
static void get_enum(byte_reader& in, Enum& x, Enum last) {
  x = static_cast<Enum>(in.number_until(static_cast<std::uint64_t>(last)));
  if (static_cast<std::uint64_t>(x) == 0)
    in.fail();
}

template <class Enum>
static void put_enum(byte_writer& out, Enum x) {
  out.number(static_cast<std::uint64_t>(x));
}

// Nanoseconds; nothing in here is a point in time.
static void put(byte_writer& out, duration x) {
  out.signed_number(x.count());
}

static void get(byte_reader& in, duration& x) {
  x = duration{in.signed_number()};
}

static void get(byte_reader& in, std::uint32_t& x) {
  x = static_cast<std::uint32_t>(in.number_until(UINT32_MAX));
}

// -- counters -----------------------------------------------------------------

// The order is part of the format: append only.
template <class Counters, class F>
static void for_each(Counters& x, F f) {
  for (auto* field : {&x.acquired,
                      &x.acquired_after_wait,
                      &x.released,
                      &x.acquire_timeouts,
                      &x.cancelled,
                      &x.queue_full,
                      &x.shed,
                      &x.rejected_by_breaker,
                      &x.rejected,
                      &x.opened,
                      &x.open_failures,
                      &x.retired,
                      &x.lost,
                      &x.probes,
                      &x.probe_failures,
                      &x.resets,
                      &x.reset_failures,
                      &x.executed,
                      &x.execute_errors,
                      &x.leaks_suspected,
                      &x.leases_revoked,
                      &x.stale_releases,
                      &x.breaker_openings,
                      &x.exhausted,
                      &x.restarts,
                      &x.freezes,
                      &x.late_results,
                      &x.server_warnings})
    f(*field);
}

static_assert(sizeof(pool_counters) == 28 * sizeof(std::uint64_t),
              "a new counter has to travel, too");

template <class Gauges, class F>
static void for_each_gauge(Gauges& x, F f) {
  for (auto* field : {&x.opening, &x.idle, &x.leased, &x.resetting, &x.probing,
                      &x.closing, &x.quarantined, &x.waiting})
    f(*field);
}

static_assert(sizeof(pool_gauges) == 8 * sizeof(std::uint32_t),
              "a new gauge has to travel, too");

// -- histograms ---------------------------------------------------------------

// Nearly all buckets are empty: only the others travel, each with how many
// empty ones come before it.
static void put(byte_writer& out, const histogram_snapshot& x) {
  std::uint64_t used = 0;
  for (auto n : x.counts)
    used += n != 0 ? 1 : 0;
  out.number(x.counts.size());
  out.number(used);
  std::uint64_t skipped = 0;
  for (auto n : x.counts) {
    if (n == 0) {
      ++skipped;
      continue;
    }
    out.number(skipped);
    out.number(n);
    skipped = 0;
  }
  out.number(x.count);
  put(out, x.sum);
  put(out, x.max);
}

static void get(byte_reader& in, histogram_snapshot& x) {
  x.counts.resize(in.number_until(max_buckets));
  auto used = in.number_until(x.counts.size());
  std::size_t next = 0;
  for (std::uint64_t i = 0; i < used && !in.failed(); ++i) {
    next += in.number_until(max_buckets);
    auto n = in.number();
    if (next >= x.counts.size() || n == 0) {
      in.fail();
      return;
    }
    x.counts[next++] = n;
  }
  x.count = in.number();
  get(in, x.sum);
  get(in, x.max);
}

// -- leases -------------------------------------------------------------------

static void put(byte_writer& out, const lease_info& x) {
  out.number(x.id.epoch.value);
  out.number(x.id.connection.value);
  out.number(x.id.generation);
  out.text(x.holder);
  put(out, x.held);
  out.boolean(x.suspected);
}

static void get(byte_reader& in, lease_info& x) {
  x.id.epoch.value = in.number();
  x.id.connection.value = in.number();
  x.id.generation = in.number();
  get(in, x.holder);
  get(in, x.held);
  x.suspected = in.boolean();
}

// -- connections --------------------------------------------------------------

static void put(byte_writer& out, const connection_info& x) {
  out.number(x.id.value);
  out.text(x.state);
  put(out, x.age);
  put(out, x.unused_for);
  out.number(x.uses);
}

static void get(byte_reader& in, connection_info& x) {
  x.id.value = in.number();
  get(in, x.state);
  get(in, x.age);
  get(in, x.unused_for);
  x.uses = in.number();
}

// -- snapshots ----------------------------------------------------------------

static void put(byte_writer& out, const pool_snapshot& x) {
  out.text(x.name);
  out.text(x.backend);
  put_enum(out, x.status);
  put(out, x.reasons);
  out.boolean(x.required);
  for (auto n : {x.min_size, x.max_size, x.max_overflow, x.max_waiters})
    out.number(n);
  for_each_gauge(x.gauges, [&out](auto n) { out.number(n); });
  for_each(x.counters, [&out](auto n) { out.number(n); });
  out.number(x.peak_leased);
  put(out, x.longest_wait);
  put_enum(out, x.breaker);
  put(out, x.breaker_open_for);
  out.number(x.consecutive_open_failures);
  put(out, x.last_error);
  put(out, x.uptime);
  for (auto* h : {&x.wait_time, &x.use_time, &x.open_time, &x.execute_time})
    put(out, *h);
  put(out, x.leases);
  put(out, x.connections);
}

static void get(byte_reader& in, pool_snapshot& x) {
  get(in, x.name);
  get(in, x.backend);
  get_enum(in, x.status, pool_status::closed);
  get(in, x.reasons);
  x.required = in.boolean();
  for (auto* n : {&x.min_size, &x.max_size, &x.max_overflow, &x.max_waiters})
    get(in, *n);
  for_each_gauge(x.gauges, [&in](auto& n) { get(in, n); });
  for_each(x.counters, [&in](auto& n) { n = in.number(); });
  get(in, x.peak_leased);
  get(in, x.longest_wait);
  get_enum(in, x.breaker, breaker_state::forced_closed);
  get(in, x.breaker_open_for);
  get(in, x.consecutive_open_failures);
  get(in, x.last_error);
  get(in, x.uptime);
  for (auto* h : {&x.wait_time, &x.use_time, &x.open_time, &x.execute_time})
    get(in, *h);
  get(in, x.leases);
  get(in, x.connections);
}

// -- health and events --------------------------------------------------------

static void put(byte_writer& out, const pool_health& x) {
  out.text(x.name);
  put_enum(out, x.status);
  out.boolean(x.required);
  put(out, x.reasons);
  put(out, x.last_error);
}

static void get(byte_reader& in, pool_health& x) {
  get(in, x.name);
  get_enum(in, x.status, pool_status::closed);
  x.required = in.boolean();
  get(in, x.reasons);
  get(in, x.last_error);
}

static void put(byte_writer& out, const pool_event& x) {
  put_enum(out, x.kind);
  out.text(x.pool);
  out.number(x.connection.value);
  out.text(x.text);
}

static void get(byte_reader& in, pool_event& x) {
  get_enum(in, x.kind, last_event_kind);
  get(in, x.pool);
  x.connection.value = in.number();
  get(in, x.text);
}

std::string encode(const pool_snapshot& x) {
  return encode_as(content::snapshot, x);
}

std::string encode(const std::vector<pool_health>& xs) {
  return encode_as(content::health, xs);
}

std::string encode(const pool_event& x) {
  return encode_as(content::event, x);
}

template <>
result<pool_snapshot> decode(std::string_view bytes) {
  return decode_as<pool_snapshot>(content::snapshot, bytes);
}

template <>
result<std::vector<pool_health>> decode(std::string_view bytes) {
  return decode_as<std::vector<pool_health>>(content::health, bytes);
}

template <>
result<pool_event> decode(std::string_view bytes) {
  return decode_as<pool_event>(content::event, bytes);
}

} // namespace caf_pool::wire
