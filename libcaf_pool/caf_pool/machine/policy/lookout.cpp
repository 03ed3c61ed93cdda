#include "caf_pool/machine/policy/lookout.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

using namespace std::chrono_literals;

namespace {

/// The shortest time between two logins that fail.
constexpr duration shortest_pause = 100ms;

/// The shortest and the longest time between two looks at a server that is
/// starting: most are done with it soon.
constexpr duration first_starting_pause = 60ms;
constexpr duration starting_pause = 150ms;

/// From this on a login is worth a look before it: one connect more.
constexpr duration long_pause = 250ms;

/// A server that fails again within this was not well in between.
constexpr duration relapse = 10s;

/// Connects stay limited for so long after the server is back, at least, and
/// at most.
constexpr duration careful = 2s;
constexpr duration cautious = 10s;

} // namespace

void lookout::watch(time_point now, time_point well_at) {
  if (blind_ || since_ != never)
    return;
  since_ = now;
  missing_at_ = never;
  sure_ = false;
  starting_since_ = never;
  if (rests_since_ == never || now - rests_since_ > relapse) {
    listening_since_ = never;
    for (auto& connect : connects_)
      if (connect <= well_at)
        connect = {};
  }
  next_ = now + interval(now);
}

void lookout::rest(time_point now) {
  if (since_ == never)
    return;
  since_ = never;
  rests_since_ = now;
  limited_until_ = now + cautious;
}

void lookout::start_over() {
  auto number = number_;
  *this = lookout{random_};
  number_ = number;
}

// -- decisions ----------------------------------------------------------------

lookout::move lookout::next_move(time_point now) const {
  if (since_ == never || looking() || now < next_)
    return move::none;
  auto login = sure_ || (listening() && pause(now) < long_pause);
  // A look wants room for the login that follows.
  if (free_for(login ? 1 : 2) > now)
    return move::none;
  return login ? move::login : move::look;
}

time_point lookout::next_wakeup() const {
  if (looking())
    return overdue_at_;
  if (since_ == never)
    return never;
  auto login = sure_ || (listening() && pause(next_) < long_pause);
  return std::max(next_, free_for(login ? 1 : 2));
}

bool lookout::limits(time_point now) const noexcept {
  return !blind_ && (since_ != never || now < limited_until_);
}

time_point lookout::free_for(std::size_t wanted) const noexcept {
  auto last = connects_[(oldest_ + wanted - 1) % most];
  return last == time_point{} ? last : last + window;
}

void lookout::satisfied(time_point now) noexcept {
  if (since_ == never && rests_since_ != never && now >= rests_since_ + careful)
    limited_until_ = std::min(limited_until_, now);
}

// -- what happens -------------------------------------------------------------

std::uint64_t lookout::look(time_point now, time_point overdue_at) {
  look_began_ = now;
  overdue_at_ = overdue_at;
  return ++number_;
}

std::optional<time_point> lookout::looked(std::uint64_t number,
                                          const error& why, time_point now) {
  if (number != number_ || !looking())
    return std::nullopt;
  overdue_at_ = never;
  auto missing_at = missing_at_;
  if (why.code == errc::not_supported) {
    start_over();
    blind_ = true;
  } else if (since_ == never) {
    connected(now); // it is over; the server may have seen it
  } else if (!why) {
    found(now);
    if (missing_at != never)
      return missing_at;
  } else {
    missed(why.code != errc::open_failed || !why.state.empty(), now);
  }
  return std::nullopt;
}

void lookout::give_up(time_point now) {
  if (!looking() || now < overdue_at_)
    return;
  overdue_at_ = never;
  if (since_ != never)
    missed(false, now);
}

void lookout::found(time_point now) {
  auto last = std::max(since_, connects_[(oldest_ + most - 1) % most]);
  auto back = std::exchange(missing_at_, never) != never;
  connected(now);
  sure_ = true;
  starting_since_ = never;
  if (!listening())
    listening_since_ = back ? now : since_;
  // If it was there all the time, a look tells nothing new.
  next_ = back ? now : std::max(now, last + pause(now));
}

void lookout::missed(bool connect, time_point now) {
  if (connect)
    connected(now);
  sure_ = false;
  missing_at_ = look_began_;
  listening_since_ = never;
  if (!connect) {
    starting_since_ = never;
    next_ = std::max(now, look_began_ + interval(now));
    return;
  }
  if (starting_since_ == never)
    starting_since_ = now;
  auto least = std::min(starting_pause,
                        first_starting_pause + (now - starting_since_) / 3);
  next_ = now + std::max(interval(now), shortened(least));
}

void lookout::connected(time_point now) noexcept {
  connects_[oldest_] = now;
  oldest_ = (oldest_ + 1) % most;
}

void lookout::logs_in(time_point now) {
  sure_ = false;
  missing_at_ = never;
  next_ = now + shortened(pause(now));
}

void lookout::login_failed(time_point now) {
  if (since_ != never && now >= next_)
    next_ = now + shortened(pause(now));
}

void lookout::postpone_login(time_point now) {
  sure_ = false;
  next_ = now + shortened(pause(now));
}

// -- intervals ----------------------------------------------------------------

duration lookout::shortened(duration x) {
  return random_.between(x - x / 8, x);
}

duration lookout::interval(time_point now) {
  auto late = std::max(now - since_ - fresh, duration::zero());
  return shortened(std::min(quick + late / 20, slow));
}

duration lookout::pause(time_point now) const noexcept {
  auto lasts = listening() ? now - listening_since_ : duration::zero();
  return shortest_pause + std::max(lasts, duration::zero()) / 8;
}

} // namespace caf_pool
