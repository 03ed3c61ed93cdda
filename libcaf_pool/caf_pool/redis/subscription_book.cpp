#include "caf_pool/redis/subscription_book.hpp"

#include "caf_pool/backend/redis/redis_reply_class.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace caf_pool {

namespace {

std::string text_at(const redis_array& xs, std::size_t index) {
  auto text = xs.items[index].text();
  return text ? std::string{*text} : std::string{};
}

/// Returns the word that subscribes to topics of this kind; with "un" before
/// it, the one that ends that.
std::string_view verb_for(std::string_view kind) {
  return kind == "message"    ? "subscribe"
         : kind == "pmessage" ? "psubscribe"
                              : "ssubscribe";
}

std::string_view verb_against(std::string_view kind) {
  return kind == "message"    ? "unsubscribe"
         : kind == "pmessage" ? "punsubscribe"
                              : "sunsubscribe";
}

} // namespace

// -- who wants what -----------------------------------------------------------

subscription_book::entry_ptr subscription_book::add(const redis_topics& what,
                                                    redis_listener listener) {
  auto result = std::make_shared<entry>();
  result->id = ++entries_made_;
  result->listener = std::move(listener);
  auto add_all = [&](const char* kind, const std::vector<std::string>& names) {
    for (auto& name : names)
      result->topics.push_back({kind, name});
  };
  add_all("message", what.channels);
  add_all("pmessage", what.patterns);
  add_all("smessage", what.shard_channels);
  auto& all = result->topics;
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  auto there = true;
  for (auto& about : all) {
    auto& state = topics_[about];
    state.listeners.push_back(result);
    // Rights may have changed since then.
    if (state.now == stage::refused)
      state.now = stage::absent;
    there = there && state.now == stage::confirmed;
  }
  result->established = there;
  entries_.push_back(result);
  return result;
}

void subscription_book::remove(const entry_ptr& x) {
  x->removed = true;
  std::erase(entries_, x);
  for (auto& about : x->topics)
    if (auto i = topics_.find(about); i != topics_.end())
      std::erase(i->second.listeners, x);
}

// -- what is said to the server -----------------------------------------------

redis_command subscription_book::say(order::verb what, const topic& about) {
  due_.push_back({what, about, ++orders_made_});
  auto word = what == order::verb::subscribe ? verb_for(about.kind)
                                             : verb_against(about.kind);
  return redis_command{word, about.name};
}

std::vector<redis_command> subscription_book::orders() {
  std::vector<redis_command> result;
  for (auto i = topics_.begin(); i != topics_.end();) {
    auto& [about, state] = *i;
    auto wanted = !state.listeners.empty();
    if (wanted && state.now == stage::absent) {
      result.push_back(say(order::verb::subscribe, about));
      state.order = orders_made_;
      state.now = stage::asked;
    } else if (!wanted) {
      if (state.now == stage::asked || state.now == stage::confirmed)
        result.push_back(say(order::verb::unsubscribe, about));
      i = topics_.erase(i);
      continue;
    }
    ++i;
  }
  return result;
}

redis_command subscription_book::ping() {
  due_.push_back({});
  // What was refused may be allowed by now.
  for (auto& [about, state] : topics_)
    if (state.now == stage::refused)
      state.now = stage::absent;
  return redis_command{"PING"};
}

// -- what the server says -----------------------------------------------------

std::string subscription_book::take(const redis_value& said,
                                    std::uint64_t generation, time_point now,
                                    std::vector<delivery>& out) {
  if (auto* xs = said.array())
    return take_array(*xs, generation, now, out);
  if (due_.empty())
    return "the server said what nobody asked for: " + to_string(said);
  auto asked = std::move(due_.front());
  due_.pop_front();
  if (auto* why = std::get_if<redis_failure>(&said.value)) {
    refuse(asked, why->text);
    return {};
  }
  // Without a subscription PING has its usual reply.
  if (asked.what == order::verb::ping && said.is_status("PONG"))
    return {};
  return "the reply to a subscription makes no sense: " + to_string(said);
}

std::string subscription_book::take_array(const redis_array& said,
                                          std::uint64_t generation,
                                          time_point now,
                                          std::vector<delivery>& out) {
  if (said.items.size() < 2)
    return "a message without a channel: " + to_string(redis_value{said});
  auto kind = text_at(said, 0);
  if (kind == "message" || kind == "pmessage" || kind == "smessage") {
    auto by_pattern = kind == "pmessage";
    if (said.items.size() != (by_pattern ? 4u : 3u))
      return "a message of a form that is not known: " + kind;
    auto name = text_at(said, 1);
    auto what = redis_message{by_pattern ? text_at(said, 2) : name};
    if (by_pattern)
      what.pattern = name;
    what.payload = text_at(said, said.items.size() - 1);
    if (auto* keys = said.items.back().array())
      for (std::size_t i = 0; i < keys->items.size(); ++i)
        what.keys.push_back(text_at(*keys, i));
    hand_out({kind, name}, what, generation, now, out);
    return {};
  }
  if (due_.empty())
    return "the server ended a subscription: " + kind + ' ' + text_at(said, 1);
  auto asked = std::move(due_.front());
  due_.pop_front();
  using enum order::verb;
  auto expected = asked.what == ping        ? std::string_view{"pong"}
                  : asked.what == subscribe ? verb_for(asked.about.kind)
                                            : verb_against(asked.about.kind);
  if (kind != expected
      || (asked.what != ping && text_at(said, 1) != asked.about.name))
    return "the server answers " + kind + ' ' + text_at(said, 1) + " to "
           + std::string{expected} + ' ' + asked.about.name;
  if (asked.what == subscribe)
    confirm(asked, generation, now, out);
  return {};
}

subscription_book::topic_state* subscription_book::owner_of(const order& x) {
  auto i = topics_.find(x.about);
  return i != topics_.end() && i->second.order == x.number ? &i->second
                                                           : nullptr;
}

void subscription_book::confirm(const order& x, std::uint64_t generation,
                                time_point now, std::vector<delivery>& out) {
  auto* state = owner_of(x);
  if (state == nullptr)
    return;
  state->now = stage::confirmed;
  for (auto& listener : state->listeners)
    settle(listener, generation, now, out);
}

void subscription_book::settle(const entry_ptr& x, std::uint64_t generation,
                               time_point now, std::vector<delivery>& out) {
  for (auto& about : x->topics)
    if (topics_[about].now != stage::confirmed)
      return;
  x->established = true;
  if (!x->lost_since)
    return;
  out.push_back(
    {x, redis_gap{*x->lost_since, now, x->lost_because, generation}});
  x->lost_since.reset();
}

void subscription_book::refuse(const order& x, const std::string& text) {
  auto* state = x.what == order::verb::subscribe ? owner_of(x) : nullptr;
  if (state == nullptr)
    return;
  state->now = stage::refused;
  auto why = redis_error(text);
  why.message = "the server refuses the subscription to \"" + x.about.name
                + "\": " + why.message;
  for (auto& listener : state->listeners)
    if (!listener->established)
      listener->failure = why;
  last_refusal_ = std::move(why);
}

void subscription_book::hand_out(const topic& about, const redis_message& what,
                                 std::uint64_t generation, time_point now,
                                 std::vector<delivery>& out) {
  auto i = topics_.find(about);
  if (i == topics_.end())
    return;
  for (auto& listener : i->second.listeners) {
    // Another topic is not confirmed yet; one more gap follows when it is.
    if (auto& since = listener->lost_since) {
      out.push_back(
        {listener, redis_gap{*since, now, listener->lost_because, generation}});
      since = now;
    }
    out.push_back({listener, what});
  }
}

// -- losses -------------------------------------------------------------------

void subscription_book::lost(time_point since, const std::string& why) {
  due_.clear();
  for (auto& [about, state] : topics_)
    state.now = stage::absent;
  for (auto& x : entries_)
    if (x->established && !x->lost_since) {
      x->lost_since = since;
      x->lost_because = why;
    }
}

void subscription_book::refused(const error& why) {
  for (auto& x : entries_)
    if (!x->established)
      x->failure = why;
}

} // namespace caf_pool
