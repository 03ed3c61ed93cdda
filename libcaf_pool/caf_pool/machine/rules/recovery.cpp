#include "caf_pool/machine/rules/recovery.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace caf_pool::rules {

// -- openings that need not wait ----------------------------------------------

namespace {

/// So long after a success a failure is more likely an accident than an outage.
constexpr duration moment = std::chrono::seconds{1};

/// So many openings do without a pause before it is an outage after all.
constexpr std::uint32_t most_unpaused = 2;

} // namespace

bool may_open(const pool_state& s, time_point now) {
  if (!s.breaker.closed() || !s.recovery.may_connect(now))
    return false;
  return s.retry.may_try(now)
         || (!s.queue.empty() && !s.refusal && s.unpaused < most_unpaused
             && s.well_at && now - *s.well_at <= moment);
}

// -- looking for the server ---------------------------------------------------

namespace {

/// Looks and logins at the same time, at most.
constexpr std::uint32_t most_at_a_time = 2;

/// How long a look may take: several times what an opening takes as a rule.
duration look_limit(const pool_state& s) {
  using namespace std::chrono_literals;
  if (s.typical_open == duration::zero())
    return std::min<duration>(250ms, s.config.open_timeout);
  auto usual = std::clamp<duration>(s.typical_open, 25ms, 250ms) * 4;
  return std::min(usual, s.config.open_timeout);
}

/// So long a login keeps others back, at least; after that it hangs.
duration login_limit(const pool_state& s) {
  return std::max<duration>(std::chrono::seconds{1}, look_limit(s));
}

/// Until when an opening or a probe under way may well tell how the server is.
time_point tried_until(const pool_state& s) {
  auto result = time_point{};
  for (auto& [id, record] : s.table.records())
    if (record.state == connection_state::opening
        || record.state == connection_state::probing)
      result = std::max(result, record.since + look_limit(s));
  return result;
}

/// When the first opening under way hangs; `never` without one.
time_point hangs_from(const pool_state& s) {
  auto result = never;
  if (s.table.count(connection_state::opening) > 0)
    for (auto& [id, record] : s.table.records())
      if (record.state == connection_state::opening)
        result = std::min(result, record.since + login_limit(s));
  return result;
}

bool has_room(const pool_state& s) {
  return s.table.size() < s.config.max_size;
}

/// The server failed, and finding it may help.
bool is_missed(const pool_state& s, time_point now) {
  if (s.recovery.blind() || s.refusal || ends(s.life))
    return false;
  switch (s.breaker.state()) {
    case breaker_state::open:
      return !s.breaker.opened_for_slowness();
    case breaker_state::half_open:
      return !s.breaker.opened_for_slowness() && tried_until(s) <= now;
    case breaker_state::forced_open:
      return false;
    case breaker_state::closed:
    case breaker_state::forced_closed:
      break;
  }
  if (!wants_more(s))
    return false;
  return hangs_from(s) <= now || (!s.retry.may_try(now) && has_room(s));
}

std::uint32_t most_logins(const pool_state& s) {
  return std::min(most_at_a_time, s.config.open_concurrency);
}

/// Until when enough is under way, so that neither a look nor a login is due. A
/// login that hangs keeps no look back.
time_point busy_until(const pool_state& s) {
  std::vector<time_point> logins;
  auto result = time_point{};
  for (auto& [id, record] : s.table.records()) {
    if (record.state != connection_state::opening)
      continue;
    auto hangs = record.since + login_limit(s);
    if (record.early)
      result = std::max(result, hangs);
    logins.push_back(hangs);
  }
  auto most = most_logins(s);
  if (logins.size() < most)
    return result;
  auto nth = logins.begin() + (most - 1);
  std::nth_element(logins.begin(), nth, logins.end(), std::greater<>{});
  return std::max(result, *nth);
}

void order_look(step& x) {
  auto& s = x.s;
  auto number
    = s.recovery.look(x.now, x.now + s.config.open_timeout + worker_grace);
  x.order(effect::look{number, x.now + look_limit(s)});
}

/// Opens a connection although backoff and breaker would not yet.
void open_early(step& x) {
  auto& s = x.s;
  if (has_room(s)) {
    auto permit
      = s.breaker.closed() ? s.breaker.try_acquire(x.now) : std::nullopt;
    begin_opening(x, permit).early = true;
    s.recovery.logs_in(x.now);
    return;
  }
  auto& idle = s.table.idle();
  if (!idle.empty() && s.table.count(connection_state::closing) == 0
      && s.table.find(idle.front())->age.last_proven < s.suspect_before)
    discard(x, idle.front(),
            {errc::connection_lost,
             "not proven since the server failed; it makes room for a new one",
             {}});
}

} // namespace

bool wants_more(const pool_state& s) {
  return !s.queue.empty() || (s.fill && s.table.alive() < s.config.min_size);
}

void look_for_server(step& x) {
  auto& s = x.s;
  s.recovery.give_up(x.now);
  if (!is_missed(s, x.now))
    return;
  s.recovery.watch(x.now, s.well_at.value_or(time_point{}));
  if (busy_until(s) > x.now)
    return;
  switch (s.recovery.next_move(x.now)) {
    case lookout::move::none:
      break;
    case lookout::move::look:
      order_look(x);
      break;
    case lookout::move::login:
      if (s.table.count(connection_state::opening) < most_logins(s))
        open_early(x);
      else
        s.recovery.postpone_login(x.now);
      break;
  }
}

void note_look(step& x, std::uint64_t number, const error& why) {
  auto& s = x.s;
  auto lost_until = s.recovery.looked(number, why, x.now);
  if (!lost_until)
    return;
  for (auto& [id, record] : s.table.records())
    if (record.state == connection_state::opening && record.since < *lost_until
        && record.since + login_limit(s) <= x.now)
      give_up_opening(x, id);
}

time_point next_server_look(const pool_state& s) {
  auto half_open = s.breaker.state() == breaker_state::half_open;
  auto from = std::max(s.last_input, half_open ? tried_until(s) : time_point{});
  if (!is_missed(s, from))
    from = std::max(from, hangs_from(s));
  if (from == never || !is_missed(s, from))
    return never;
  if (from > s.last_input)
    return from;
  auto next = std::max(s.recovery.next_wakeup(), busy_until(s));
  // Without room something else must happen first.
  return has_room(s) || next > s.last_input ? next : never;
}

void early_success(step& x, connection_record& record) {
  auto& s = x.s;
  record.early = false;
  if (record.permit)
    return;
  if (s.breaker.state() == breaker_state::open)
    s.breaker.force(breaker_state::half_open, x.now);
  record.permit = s.breaker.try_acquire(x.now);
  if (record.permit)
    return;
  // The trials that hang tell less than this one does.
  for (auto& [id, other] : s.table.records())
    if (auto permit = std::exchange(other.permit, std::nullopt))
      s.breaker.ignored(*permit, x.now);
  record.permit = s.breaker.try_acquire(x.now);
}

// -- up, degraded, down -------------------------------------------------------

pool_status standing(const pool_state& s) {
  if (!s.breaker.closed() || (s.down && nothing_serves(s)))
    return pool_status::down;
  return s.down ? pool_status::degraded : pool_status::up;
}

void tell_standing(step& x) {
  auto& s = x.s;
  auto is = standing(s);
  if (is == s.told || ends(s.life))
    return;
  s.told = is;
  auto why = s.last_error ? to_string(s.last_error) : std::string{};
  if (is == pool_status::up)
    x.tell(event_kind::pool_up);
  else if (is == pool_status::degraded)
    x.tell(event_kind::pool_degraded, {},
           "it serves with the connections that it has, and cannot open more: "
             + why);
  else if (!s.breaker.closed())
    x.tell(event_kind::pool_down, {},
           "breaker " + std::string{to_string(s.breaker.state())}
             + (why.empty() ? why : ": " + why));
  else
    x.tell(event_kind::pool_down, {}, std::move(why));
}

} // namespace caf_pool::rules
