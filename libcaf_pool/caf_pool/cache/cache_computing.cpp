// How a cache comes by a value that is not there, or not for long.

#include "caf_pool/cache/cache_core.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <thread>
#include <utility>

namespace caf_pool {

namespace {

using std::chrono::milliseconds;

// How often those who wait for another process's lock look again.
constexpr duration shortest_poll = milliseconds{10};
constexpr duration longest_poll = milliseconds{100};

error took_too_long(const std::string& key) {
  return {errc::execute_timeout,
          "the computation of the cached value \"" + key
            + "\", by this or another caller, takes longer than this call may; "
              "allow more, or let a stale value be served meanwhile",
          ""};
}

error has_thrown() {
  return {errc::execute_failed, "the computation threw an exception", ""};
}

std::uint32_t whole_cost(duration x) {
  constexpr auto most = std::numeric_limits<std::uint32_t>::max();
  auto ms = std::chrono::ceil<milliseconds>(x).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(ms, 0, most));
}

/// Returns how long beyond its time to live a value may be served.
duration beyond(const cache_policy& x) {
  return std::max(
    {x.stale_while_revalidate, x.stale_if_error, duration::zero()});
}

bool is_past(time_point deadline) {
  return deadline != never && clock::now() >= deadline;
}

/// Tells whether a computation ended for a reason of its caller's, which is
/// none for others.
bool is_own(const result<cache_answer>& x, time_point deadline) {
  return !x && (x.error().code == errc::cancelled || is_past(deadline));
}

} // namespace

// -- what may be served -------------------------------------------------------

bool cache_core::may_serve(const request& x, duration longest) const {
  auto& stored = x.seen.stored;
  return stored && !stored->negative
         && milliseconds{x.seen.left()} > -std::max(longest, duration::zero());
}

bool cache_core::may_serve_at_last(const request& x) const {
  return may_serve(
    x, std::max(x.policy.stale_while_revalidate, x.policy.stale_if_error));
}

bool cache_core::is_due(const request& x) {
  if (x.seen.stored->negative)
    return false;
  auto random = random_.draw();
  return refresh_early(x.seen.left(), x.seen.stored->cost,
                       x.policy.early_refresh, random)
         && !failures_.find(x.key, clock::now());
}

/// Tells whether another caller, or process, was faster.
bool cache_core::is_new(const request& x, const cache_look& look) const {
  if (!look.fresh() || x.source_first)
    return false;
  return !x.seen.stored || x.seen.stored->expiry != look.stored->expiry;
}

cache_answer cache_core::old_answer(const request& x, const error& why) const {
  auto result = to_answer(x.seen);
  result.why = why;
  return result;
}

cache_core::outcome_type cache_core::late(const request& x) const {
  if (may_serve_at_last(x))
    return old_answer(x, took_too_long(x.key));
  return took_too_long(x.key);
}

cache_look cache_core::look(request& x) {
  auto result = noted(server_.look(x.key, x.policy.tags, x.budget));
  if (x.distrust && result.stored) {
    ++counters_.malformed;
    result.stored.reset();
  }
  return result;
}

cache_core::outcome_type cache_core::serve(request& x) {
  if (!x.distrust)
    if (auto near = find_near(x.key, x.policy.tags))
      return *std::move(near);
  x.drops = local_.drops();
  x.asked = clock::now();
  x.seen = look(x);
  if (x.seen.why) {
    // The source is spared what can be had without it.
    if (auto near = old_near(x, x.seen.why, duration::zero()))
      return *std::move(near);
    return compute_alone(x, x.seen.why);
  }
  if (x.seen.fresh()) {
    keep_near(x.key, *x.seen.stored, x.seen.left(), beyond(x.policy), x.asked,
              x.drops);
    if (is_due(x)) {
      ++counters_.early;
      if (auto renewed = renew(x))
        return *std::move(renewed);
    }
    return to_answer(x.seen);
  }
  if (may_serve_at_last(x))
    if (auto why = failures_.find(x.key, clock::now()))
      return old_answer(x, *why);
  if (may_serve(x, x.policy.stale_while_revalidate)) {
    if (auto renewed = renew(x))
      return *std::move(renewed);
    return to_answer(x.seen);
  }
  return fill(x);
}

// -- who computes -------------------------------------------------------------

std::optional<cache_core::outcome_type> cache_core::renew(request& x) {
  if (x.policy.refresh == cache_refresh::in_background) {
    renew_later(x);
    return std::nullopt;
  }
  auto seat = flights_.try_lead(x.key);
  if (!seat.leads())
    return std::nullopt;
  return lead(x, seat, purpose::renew);
}

void cache_core::renew_later(const request& x) {
  // Taken now, so that there is one task for a key however many callers come;
  // a task that is dropped hands over.
  auto seat = std::make_shared<single_flight::seat>(flights_.try_lead(x.key));
  if (!seat->leads())
    return;
  auto task = [this, seat, key = x.key, policy = x.policy, compute = x.compute,
               seen = x.seen] {
    auto later = request{key, policy, compute, computing(policy)};
    later.seen = seen;
    try {
      static_cast<void>(lead(later, *seat, purpose::renew));
    } catch (...) {
      failures_.add(key, has_thrown(), clock::now() + options_.retry_after);
    }
  };
  static_cast<void>(background_.run(std::move(task)));
}

/// Shares what another caller computes, or leads.
template <class F>
cache_core::outcome_type cache_core::join(request& x, F&& lead_on) {
  auto seat = flights_.join(x.key, x.budget.deadline());
  if (auto* shared = seat.shared()) {
    ++counters_.shared;
    return *shared;
  }
  if (!seat.leads())
    return late(x);
  return lead_on(seat);
}

cache_core::outcome_type cache_core::fill(request& x) {
  return join(x, [&](auto& seat) { return *lead(x, seat, purpose::fill); });
}

/// Returns nothing if another process renews the value already.
std::optional<cache_core::outcome_type> cache_core::lead(
  request& x, single_flight::seat& seat, purpose why) {
  if (is_past(x.budget.deadline()))
    return late(x);
  auto before = prepare(x, why);
  if (before.why)
    return compute_without(x, seat, before.why);
  if (is_new(x, before)) {
    unlock(x, before);
    auto result = outcome_type{to_answer(before)};
    seat.land(result);
    return result;
  }
  if (!x.lock.empty() && !before.locked) {
    if (why == purpose::renew)
      return std::nullopt;
    if (is_past(x.budget.deadline()))
      return late(x);
  }
  auto result = compute_and_store(x, before);
  if (!is_own(result, x.budget.deadline()))
    seat.land(result);
  return result;
}

/// Looks again, because another caller may just have stored the value, and
/// waits for the lock of another process.
cache_look cache_core::prepare(request& x, purpose why) {
  if (x.policy.lock == cache_lock::shared)
    x.lock = random_.token();
  x.drops = local_.drops();
  auto end = std::min(clock::now() + options_.lock_ttl, x.budget.deadline());
  for (;;) {
    auto result = noted(server_.prepare(x.key, x.policy.tags, x.lock,
                                        options_.lock_ttl, x.budget));
    if (x.distrust)
      result.stored.reset();
    if (result.why || x.lock.empty() || result.locked || is_new(x, result)
        || why == purpose::renew || clock::now() >= end)
      return result;
    pause(x);
    // No time is left to ask again.
    if (is_past(x.budget.deadline()))
      return result;
  }
}

void cache_core::pause(const request& x) {
  auto length = random_.draw().between(shortest_poll, longest_poll);
  auto left = x.budget.deadline() == never
                ? length
                : left_until(x.budget.deadline(), clock::now());
  std::this_thread::sleep_for(std::min(length, left));
}

void cache_core::unlock(request& x, const cache_look& before) {
  if (before.locked)
    server_.unlock(x.key, x.lock, x.budget);
}

// -- computing ----------------------------------------------------------------

result<std::optional<std::string>> cache_core::compute(request& x) {
  ++counters_.computations;
  try {
    auto result = x.compute(x.budget.deadline());
    if (!result)
      ++counters_.computations_failed;
    return result;
  } catch (...) {
    ++counters_.computations_failed;
    throw;
  }
}

cache_core::outcome_type cache_core::compute_and_store(
  request& x, const cache_look& before) {
  auto begin = clock::now();
  try {
    auto bytes = compute(x);
    if (!bytes)
      return failed(x, before, bytes.error());
    failures_.forget(x.key);
    store(x, before, begin, *bytes);
    auto result = answer{};
    result.state = cache_state::computed;
    result.value = *std::move(bytes);
    return result;
  } catch (...) {
    auto instead = failed(x, before, has_thrown());
    if (!instead)
      throw;
    return instead;
  }
}

cache_core::outcome_type cache_core::failed(request& x,
                                            const cache_look& before,
                                            const error& why) {
  unlock(x, before);
  if (!is_own(why, x.budget.deadline()))
    failures_.add(x.key, why, clock::now() + options_.retry_after);
  // Another process may have stored one since.
  x.seen = before;
  if (may_serve_at_last(x))
    return old_answer(x, why);
  return why;
}

void cache_core::store(request& x, const cache_look& before, time_point begin,
                       const std::optional<std::string>& bytes) {
  auto now = clock::now();
  auto random = random_.draw();
  auto lifetime = draw_lifetime(x.policy, !bytes, random);
  auto large = bytes && bytes->size() > options_.max_value_bytes;
  auto old = now - begin > options_.max_computation;
  counters_.too_large += large ? 1 : 0;
  counters_.overtaken += old ? 1 : 0;
  if (large || old || lifetime.kept_ms == 0) {
    unlock(x, before);
    return;
  }
  auto envelope = value_envelope{};
  envelope.negative = !bytes;
  envelope.cost = whole_cost(now - begin);
  envelope.tags = before.tags;
  envelope.payload = bytes.value_or("");
  auto stored = server_.store(x.key, envelope, lifetime, before.generation,
                              before.locked ? x.lock : "", x.budget);
  if (!stored)
    note(stored.error());
  else if (!*stored)
    ++counters_.overtaken;
  else
    keep_near(x.key, envelope, lifetime.fresh_ms, beyond(x.policy), now,
              x.drops);
}

// -- without Redis ------------------------------------------------------------

cache_core::outcome_type cache_core::compute_alone(request& x,
                                                   const error& why) {
  return join(x, [&](auto& seat) { return compute_without(x, seat, why); });
}

/// The source serves what the cache would have: not all of it at once.
cache_core::outcome_type cache_core::compute_without(request& x,
                                                     single_flight::seat& seat,
                                                     const error& why) {
  if (is_past(x.budget.deadline()) || !slots_.take(x.budget.deadline()))
    return late(x);
  struct slot {
    computation_slots& of;

    ~slot() {
      of.give_back();
    }
  } held{slots_};
  auto bytes = compute(x);
  auto result = outcome_type{why};
  if (bytes) {
    result = answer{cache_state::unavailable, *std::move(bytes), why};
  } else if (may_serve_at_last(x)) {
    result = old_answer(x, bytes.error());
  } else if (auto near = old_near(x, bytes.error(), beyond(x.policy))) {
    result = *std::move(near);
  } else {
    result = bytes.error();
  }
  if (!is_own(result, x.budget.deadline()))
    seat.land(result);
  return result;
}

} // namespace caf_pool
