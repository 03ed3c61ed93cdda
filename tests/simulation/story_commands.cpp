#include "caf_pool/core/duration_text.hpp"

#include "simulation/story_teller.hpp"

#include <stdexcept>

namespace caf_pool::simulation {

namespace {

connection_id read_connection(std::istringstream& in) {
  std::uint64_t id = 0;
  in >> id;
  if (id == 0)
    throw std::runtime_error{"which connection?"};
  return connection_id{id};
}

duration read_duration(std::istringstream& in) {
  std::string text;
  in >> text;
  auto x = parse_duration(text);
  if (!x)
    throw std::runtime_error{"not a duration: " + text};
  return *x;
}

constexpr duration swift = std::chrono::milliseconds{5};

} // namespace

// -- callers ------------------------------------------------------------------

bool story_teller::by_caller(const std::string& verb, words& in) {
  std::string name;
  if (verb == "acquire") {
    acquire(in);
  } else if (verb == "release") {
    release(in);
  } else if (verb == "cancel") {
    in >> name;
    hear(uut_->cancel(ticket_of(name), now_));
  } else if (verb == "dies") {
    holder_dies(in);
  } else {
    return false;
  }
  return true;
}

void story_teller::acquire(words& in) {
  acquire_input x;
  std::string name;
  in >> name;
  x.caller = ticket_of(name);
  x.how.holder = name;
  x.how.wait_until = now_ + config_.acquire_timeout;
  for (std::string word; in >> word;) {
    if (word == "within") {
      x.how.wait_until = now_ + read_duration(in);
    } else if (word == "priority") {
      unsigned level = 0;
      in >> level;
      x.how.priority = static_cast<std::uint8_t>(level);
    } else if (word == "for") {
      x.how.expected = read_duration(in);
    } else if (word == "if-free") {
      x.how.only_if_free = true;
    } else {
      throw std::runtime_error{"acquire how? " + word};
    }
  }
  hear(uut_->acquire(x, now_));
}

/// "dirty", "broken", "unused", "failed" (by the server), "uses N".
lease_end story_teller::ending(words& in) const {
  lease_end how;
  for (std::string word; in >> word;) {
    if (word == "dirty") {
      how.left = trace::dirty;
    } else if (word == "broken") {
      how.left = trace::broken;
    } else if (word == "unused") {
      how.unused = true;
    } else if (word == "failed") {
      how.left = trace::broken;
      how.why = {errc::connection_lost, "the server closed it", {}};
    } else if (word == "uses") {
      in >> how.front_uses;
    } else {
      throw std::runtime_error{"left how? " + word};
    }
  }
  return how;
}

void story_teller::release(words& in) {
  std::string name;
  in >> name;
  auto how = ending(in);
  hear(uut_->release(lease_of(name), how, now_));
}

void story_teller::holder_dies(words& in) {
  std::string name;
  std::string word;
  in >> name >> word;
  hear(uut_->holder_lost(lease_of(name), word == "busy", now_));
}

// -- workers ------------------------------------------------------------------

bool story_teller::by_worker(const std::string& verb, words& in) {
  auto no = error{errc::open_failed, "connection refused", {}};
  auto gone = error{errc::connection_lost, "no answer", {}};
  if (verb == "opened")
    hear(uut_->opened(read_connection(in), swift, now_));
  else if (verb == "not-opened")
    hear(uut_->not_opened(read_connection(in), now_));
  else if (verb == "open-failed")
    hear(uut_->open_failed(read_connection(in), no, swift, now_));
  else if (verb == "open-refused")
    hear(uut_->open_failed(read_connection(in),
                           {errc::open_refused, "wrong password", "28P01"},
                           swift, now_));
  else if (verb == "probed")
    hear(uut_->probed(read_connection(in), {}, swift, now_));
  else if (verb == "probe-failed")
    hear(uut_->probed(read_connection(in), gone, swift, now_));
  else if (verb == "reset-done")
    hear(uut_->reset_done(read_connection(in), {}, now_));
  else if (verb == "reset-failed")
    hear(uut_->reset_done(read_connection(in), gone, now_));
  else if (verb == "settled")
    hear(uut_->work_done({{}, read_connection(in), 0}, {}, false, now_));
  else if (verb == "closed")
    hear(uut_->closed(read_connection(in), now_));
  else if (verb == "found")
    hear(uut_->looked(looks_, {}, now_));
  else if (verb == "not-found")
    hear(uut_->looked(looks_, no, now_));
  else if (verb == "sighted")
    sighted_ = true;
  else
    return false;
  return true;
}

// -- front --------------------------------------------------------------------

bool story_teller::by_front(const std::string& verb, words& in) {
  if (verb == "withdrawn") {
    auto id = read_connection(in);
    std::uint64_t uses = 0;
    std::string word;
    if (in >> word)
      in >> uses;
    hear(uut_->withdrawn(id, uses, now_));
  } else if (verb == "front-empty") {
    hear(uut_->front_empty(now_));
  } else if (verb == "returned") {
    auto id = read_connection(in);
    hear(uut_->returned(id, ending(in), now_));
  } else if (verb == "look") {
    look(in);
  } else if (verb == "claimed") {
    claimed(in);
  } else {
    return false;
  }
  return true;
}

/// "look 1 taken uses 3": what the front shows of one connection.
void story_teller::look(words& in) {
  front_view x;
  x.connection = read_connection(in);
  for (std::string word; in >> word;) {
    if (word == "taken") {
      x.taken = true;
      x.holder = "a thread";
      x.since = now_;
    } else if (word == "uses") {
      in >> x.uses;
      x.generation = x.uses;
    }
  }
  hear(uut_->observe_front(std::vector{x}, now_));
}

/// "claimed carol 1 uses 3": what was taken for her becomes a lease.
void story_teller::claimed(words& in) {
  std::string name;
  in >> name;
  auto id = read_connection(in);
  auto uses = ending(in).front_uses;
  auto lease = lease_id::in_front(pool_epoch{epoch_}, id, uses);
  leases_[name] = lease;
  hear(uut_->claimed({lease, name, now_, uses}, now_));
}

// -- operators ----------------------------------------------------------------

bool story_teller::by_operator(const std::string& verb, words& in) {
  if (verb == "pause") {
    hear(uut_->pause(now_));
  } else if (verb == "resume") {
    hear(uut_->resume(now_));
  } else if (verb == "drain") {
    hear(uut_->drain(now_));
  } else if (verb == "shut-down") {
    hear(uut_->shut_down(now_));
  } else if (verb == "reconnect") {
    hear(uut_->reconnect(now_));
  } else if (verb == "configure" || verb == "recycle") {
    config_ = read_settings(in, config_);
    hear(uut_->configure(config_, verb == "recycle", now_));
  } else if (verb == "force-open") {
    hear(uut_->force_breaker(breaker_state::forced_open, now_));
  } else if (verb == "force-closed") {
    hear(uut_->force_breaker(breaker_state::forced_closed, now_));
  } else if (verb == "unforce") {
    hear(uut_->force_breaker(breaker_state::closed, now_));
  } else if (verb == "restart") {
    restart();
  } else {
    return false;
  }
  return true;
}

void story_teller::restart() {
  auto next = std::make_unique<pool_machine>(config_, pool_epoch{++epoch_}, 1);
  auto orders = next->succeed(*uut_, now_);
  uut_ = std::move(next);
  hear(orders);
}

} // namespace caf_pool::simulation
