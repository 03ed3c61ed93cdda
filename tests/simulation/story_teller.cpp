#include "simulation/story_teller.hpp"

#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/settings/setting_text.hpp"

#include "machine/effect_text.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace caf_pool::simulation {

using namespace std::chrono_literals;

namespace {

/// Everything that happens by itself is off until a story wants it.
pool_config calm() {
  pool_config x;
  x.min_size = 0;
  x.max_size = 2;
  x.fast_lane = false;
  x.validate_on_acquire = false;
  x.health_check_interval = 0s;
  x.max_idle_time = 0s;
  x.max_lifetime = 0s;
  x.sweep_interval = 1h;
  x.shed_overload = false;
  x.breaker.open_jitter_percent = 0;
  x.retry.floor = x.retry.start;
  return x;
}

[[noreturn]] void refuse(const std::string& why) {
  throw std::runtime_error{why};
}

duration to_duration(const std::string& text) {
  auto x = parse_duration(text);
  if (!x)
    refuse("not a duration: " + text);
  return *x;
}

} // namespace

story_teller::answer story_teller::say(const std::string& line) {
  answer_.clear();
  try {
    auto in = words{line};
    std::string verb;
    in >> verb;
    if (verb == "at") {
      std::string when;
      in >> when >> verb;
      let_time_pass(time_point{} + 1h + to_duration(when));
    }
    if (verb == "pool")
      settle_pool(in);
    else if (!uut_)
      refuse("begin with a pool");
    else if (!by_caller(verb, in) && !by_worker(verb, in) && !by_front(verb, in)
             && !by_operator(verb, in) && !by_clock(verb, in)
             && !question(verb, in))
      refuse("nobody understands '" + verb + "'");
    if (verb == "freeze")
      return {}; // the machine knows nothing of it yet
    if (auto wrong = uut_->violations(now_); !wrong.empty())
      refuse("the machine's state: " + wrong.front());
  } catch (const std::exception& x) {
    tell(std::string{"error: "} + x.what());
  }
  return std::exchange(answer_, {});
}

// -- time ---------------------------------------------------------------------

std::string story_teller::stamp() const {
  return "at " + to_text(now_ - time_point{} - 1h) + ' ';
}

void story_teller::let_time_pass(time_point until) {
  if (until < now_)
    refuse("time goes forward only");
  stamped_ = true;
  // After a freeze timers are late: whoever comes at once is faster.
  while (uut_ && now_ < until && uut_->next_wakeup() <= until) {
    now_ = std::max(now_, uut_->next_wakeup());
    hear(uut_->tick(now_));
  }
  stamped_ = false;
  now_ = until;
}

bool story_teller::by_clock(const std::string& verb, words& in) {
  if (verb == "wait")
    return true; // time has passed already
  if (verb == "tick") {
    hear(uut_->tick(now_));
    return true;
  }
  if (verb != "freeze")
    return false;
  // The process stands still: time passes and nothing happens.
  std::string length;
  in >> length;
  now_ += to_duration(length);
  return true;
}

// -- settings -----------------------------------------------------------------

pool_config story_teller::read_settings(words& in, pool_config base) {
  for (std::string word; in >> word;) {
    auto split = word.find('=');
    auto key = word.substr(0, split);
    auto known = false;
    for_each_setting(base, [&](const auto& setting, auto& field) {
      if (setting.key != key)
        return;
      known = true;
      auto value
        = parse_setting<std::decay_t<decltype(field)>>(word.substr(split + 1));
      if (!value)
        refuse("bad value: " + word);
      field = *value;
    });
    if (!known)
      refuse("no such setting: " + key);
  }
  return base;
}

void story_teller::settle_pool(words& in) {
  config_ = read_settings(in, calm());
  uut_ = std::make_unique<pool_machine>(config_, pool_epoch{epoch_}, 1);
  hear(uut_->start(now_));
}

// -- listening ----------------------------------------------------------------

void story_teller::hear(const effects& orders) {
  for (auto& x : orders) {
    if (auto* look = std::get_if<effect::look>(&x)) {
      looks_ = look->number;
      if (!sighted_) {
        hear(
          uut_->looked(looks_, {errc::not_supported, "cannot look", {}}, now_));
        continue;
      }
    }
    auto line = stamped_ ? stamp() : std::string{};
    if (auto* grant = std::get_if<effect::grant>(&x)) {
      leases_[name_of(grant->caller)] = grant->lease;
      line += "grant " + name_of(grant->caller) + " connection "
              + to_string(grant->lease.connection);
      if (grant->waited > 0s)
        line += " after " + to_rough_text(grant->waited);
    } else if (auto* rejection = std::get_if<effect::reject>(&x)) {
      reasons_[name_of(rejection->caller)] = rejection->why;
      line += "reject " + name_of(rejection->caller) + ' '
              + std::string{to_string(rejection->why.code)};
    } else if (auto* event = std::get_if<effect::emit>(&x)) {
      line += "* " + to_text(x);
      if (!event->event.text.empty())
        line += ": " + event->event.text;
    } else {
      line += to_text(x);
    }
    tell(std::move(line));
  }
}

ticket story_teller::ticket_of(const std::string& name) {
  if (name.empty())
    refuse("who?");
  return tickets_.try_emplace(name, ticket{tickets_.size() + 1}).first->second;
}

std::string story_teller::name_of(ticket x) const {
  for (auto& [name, id] : tickets_)
    if (id == x)
      return name;
  return to_string(x);
}

const lease_id& story_teller::lease_of(const std::string& name) const {
  auto i = leases_.find(name);
  if (i == leases_.end())
    refuse("'" + name + "' has no lease");
  return i->second;
}

// -- questions ----------------------------------------------------------------

bool story_teller::question(const std::string& verb, words& in) {
  if (verb == "numbers") {
    auto x = uut_->snapshot(now_);
    auto& g = x.gauges;
    tell(std::string{to_string(x.status)} + ", " + std::to_string(g.leased)
         + " leased, " + std::to_string(g.idle) + " idle, "
         + std::to_string(g.opening) + " opening, " + std::to_string(g.closing)
         + " closing, " + std::to_string(g.waiting) + " waiting");
    for (auto& reason : x.reasons)
      tell("because " + reason);
  } else if (verb == "why") {
    std::string name;
    in >> name;
    tell(reasons_[name].message);
  } else if (verb == "wake-up") {
    auto next = uut_->next_wakeup();
    tell(next == never ? "never" : to_text(next - time_point{} - 1h));
  } else {
    return false;
  }
  return true;
}

} // namespace caf_pool::simulation
