#include "caf_pool/redis/subscriber_core.hpp"

#include "caf_pool/core/call_options.hpp"
#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/core/random.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <system_error>
#include <utility>
#include <variant>

namespace caf_pool {

namespace {

/// A connection that lived this long was a good one.
constexpr duration proof_of_life = std::chrono::seconds{1};

/// Says why a conversation ended.
std::string end_of_talk(const redis_exchange& x) {
  switch (x.end) {
    case redis_end::late:
      return "the server does not take what is sent to it";
    case redis_end::too_large:
      return "a message has more bytes than max_result_bytes";
    default:
      return x.reason;
  }
}

} // namespace

subscriber_core::subscriber_core(redis_target where, const pool_config& config)
  : where_(std::move(where)),
    open_timeout_(config.open_timeout),
    interval_(config.health_check_interval),
    patience_(config.health_check_timeout),
    pause_(config.retry, random_source{seed_of(clock::now())}),
    bell_(std::make_shared<bell>()) {
  // nop
}

// -- callers ------------------------------------------------------------------

bool subscriber_core::on_own_thread() const noexcept {
  return std::this_thread::get_id() == thread_;
}

void subscriber_core::wake() noexcept {
  bell_->ring();
  changed_.notify_all();
}

void subscriber_core::stop() noexcept {
  lock guard{mtx_};
  stopping_ = true;
  called_off_.request_stop();
  if (channel_ != nullptr)
    channel_->abort();
  wake();
}

error subscriber_core::unconfirmed(duration limit) const {
  if (!status_.connected)
    return {errc::open_timeout,
            "there was no connection for the subscription within "
              + to_rough_text(limit)
              + (status_.last_error ? ": " + to_string(status_.last_error)
                                    : std::string{}),
            {}};
  return {errc::execute_timeout,
          "the server did not confirm the subscription within "
            + to_rough_text(limit),
          {}};
}

result<subscriber_core::entry_ptr> subscriber_core::subscribe(
  const redis_topics& what, redis_listener listener, duration limit) {
  if (!listener.message)
    return error{errc::invalid_argument, "nobody listens to the messages", {}};
  auto until = add_saturated(clock::now(), limit);
  // Outlives the lock: what a listener holds may end subscriptions.
  auto mine = entry_ptr{};
  lock guard{mtx_};
  mine = book_.add(what, std::move(listener));
  if (mine->topics.empty()) {
    book_.remove(mine);
    return error{errc::invalid_argument,
                 "there is no channel and no pattern to subscribe to",
                 {}};
  }
  wake();
  // The thread that reads the reply cannot wait for it.
  if (on_own_thread())
    return mine;
  auto settled
    = [&] { return mine->established || mine->failure || stopping_; };
  if (until == never)
    changed_.wait(guard, settled);
  else
    changed_.wait_until(guard, until, settled);
  if (mine->established)
    return mine;
  auto why = mine->failure ? mine->failure : unconfirmed(limit);
  book_.remove(mine);
  wake();
  return why;
}

void subscriber_core::end(const entry_ptr& x) {
  lock guard{mtx_};
  book_.remove(x);
  wake();
  if (!on_own_thread())
    changed_.wait(guard, [&] { return running_ != x; });
}

redis_subscriber_status subscriber_core::status() const {
  lock guard{mtx_};
  auto result = status_;
  result.subscriptions = book_.size();
  if (!result.last_error)
    result.last_error = book_.last_refusal();
  return result;
}

// -- the thread ---------------------------------------------------------------

void subscriber_core::run() {
  {
    lock guard{mtx_};
    thread_ = std::this_thread::get_id();
  }
  while (wait_for_work(pause_.next_attempt())) {
    auto began = clock::now();
    auto heard = began;
    try {
      auto session
        = redis_log_in(*where_.options, where_.tls, called_off_.get_token(),
                       add_saturated(began, open_timeout_));
      if (session)
        heard = serve(*std::move(session));
      else
        note_failure(session.error());
    } catch (const std::system_error& x) {
      note_failure(no_descriptor_left(x));
    }
    if (heard - began >= proof_of_life)
      pause_.succeeded();
    pause_.failed(clock::now());
  }
}

void subscriber_core::note_failure(const error& why) {
  lock guard{mtx_};
  status_.last_error = why;
  if (why.code == errc::open_refused)
    book_.refused(why);
  changed_.notify_all();
}

bool subscriber_core::wait_for_work(time_point earliest) {
  lock guard{mtx_};
  for (;;) {
    if (stopping_)
      return false;
    if (book_.empty())
      changed_.wait(guard);
    else if (clock::now() < earliest)
      changed_.wait_until(guard, earliest);
    else
      return true;
  }
}

time_point subscriber_core::serve(redis_session session) {
  auto& channel = *session.channel;
  {
    lock guard{mtx_};
    channel_ = &channel;
    status_.connected = true;
    status_.client_id = session.greeting.id;
    ++status_.generation;
    if (stopping_)
      channel.abort();
  }
  auto life = pulse{clock::now()};
  auto why = std::string{};
  try {
    why = converse(channel, life);
  } catch (const std::exception& x) {
    why = x.what();
  }
  lock guard{mtx_};
  channel_ = nullptr;
  status_.connected = false;
  status_.client_id = 0;
  status_.last_error = {errc::connection_lost, why, {}};
  book_.lost(life.heard, why);
  return life.heard;
}

std::string subscriber_core::converse(redis_channel& channel, pulse& life) {
  for (;;) {
    auto orders = next_orders(life);
    std::shared_ptr<bell> ear;
    {
      lock guard{mtx_};
      if (stopping_)
        return "the subscriber ended";
      ear = bell_;
    }
    if (!orders.empty()) {
      auto sent = channel.tell(orders, add_saturated(clock::now(), patience_));
      if (sent.end != redis_end::answered)
        return end_of_talk(sent);
    }
    auto got = channel.listen(next_look(life), *ear);
    if (!got.replies.empty())
      if (auto why = hear(got, life); !why.empty())
        return why;
    if (got.end == redis_end::late) {
      if (auto why = silence(life); !why.empty())
        return why;
    } else if (got.end != redis_end::answered) {
      return end_of_talk(got);
    }
  }
}

std::vector<redis_command> subscriber_core::next_orders(pulse& life) {
  lock guard{mtx_};
  // Whoever rings from now on is heard.
  if (bell_->rung())
    bell_ = std::make_shared<bell>();
  auto now = clock::now();
  auto result = book_.orders();
  if (interval_ > duration::zero() && !book_.expects()
      && now - life.heard >= interval_)
    result.push_back(book_.ping());
  if (book_.expects() && !life.asked)
    life.asked = now;
  return result;
}

time_point subscriber_core::next_look(const pulse& life) const {
  if (life.asked)
    return add_saturated(*life.asked, patience_);
  return interval_ > duration::zero() ? add_saturated(life.heard, interval_)
                                      : never;
}

std::string subscriber_core::silence(const pulse& life) const {
  if (!life.asked || clock::now() < add_saturated(*life.asked, patience_))
    return {};
  return "the server did not answer within " + to_rough_text(patience_)
         + "; it may be frozen, or the network lost it";
}

std::string subscriber_core::hear(const redis_exchange& got, pulse& life) {
  auto all = deliveries{};
  auto why = std::string{};
  {
    lock guard{mtx_};
    auto now = clock::now();
    life.heard = now;
    for (auto& said : got.replies) {
      why = book_.take(said, status_.generation, now, all);
      if (!why.empty())
        break;
    }
    status_.last_error = {};
    changed_.notify_all();
  }
  tell(all);
  // A handler may have taken long: nobody listened meanwhile.
  lock guard{mtx_};
  life.asked.reset();
  if (book_.expects())
    life.asked = clock::now();
  return why;
}

// -- handlers -----------------------------------------------------------------

void subscriber_core::tell(deliveries& all) {
  for (auto& x : all) {
    lock guard{mtx_};
    if (x.to->removed || stopping_)
      continue;
    running_ = x.to;
    auto& count = x.what.index() == 0 ? status_.messages : status_.gaps;
    ++count;
    guard.unlock();
    tell_one(x);
    guard.lock();
    running_ = nullptr;
    changed_.notify_all();
  }
}

void subscriber_core::tell_one(const subscription_book::delivery& x) {
  try {
    auto& who = x.to->listener;
    if (auto* message = std::get_if<redis_message>(&x.what))
      who.message(*message);
    else if (who.gap)
      who.gap(std::get<redis_gap>(x.what));
  } catch (...) {
    // Whoever throws hears of the next message all the same.
    lock guard{mtx_};
    ++status_.failed_handlers;
  }
}

} // namespace caf_pool
