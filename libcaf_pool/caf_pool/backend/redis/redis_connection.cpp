#include "caf_pool/backend/redis/redis_connection.hpp"

#include "caf_pool/backend/redis/redis_command_table.hpp"
#include "caf_pool/backend/redis/redis_losses.hpp"
#include "caf_pool/backend/redis/redis_reply_class.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace caf_pool {

namespace {

/// Without MULTI the server carries out what follows, one by one. `replies` are
/// those to MULTI, to each command and to EXEC.
error without_multi(const redis_commands& what,
                    const std::vector<redis_value>& replies, error why) {
  for (std::size_t i = 0; i < what.items.size(); ++i) {
    auto& x = what.items[i];
    if (std::holds_alternative<redis_failure>(replies[i + 1].value)
        || is_read(x))
      continue;
    why.code = errc::outcome_unknown;
    why.message += "; the server refused MULTI, but not "
                   + std::string{x.name()}
                   + " behind it, which took effect on its own";
    break;
  }
  return why;
}

std::vector<redis_command> within_exec(const std::vector<redis_command>& xs) {
  std::vector<redis_command> result;
  result.reserve(xs.size() + 2);
  result.push_back(redis_command{"MULTI"});
  result.insert(result.end(), xs.begin(), xs.end());
  result.push_back(redis_command{"EXEC"});
  return result;
}

} // namespace

redis_connection::redis_connection(
  const redis_options& options, redis_session session,
  const std::shared_ptr<redis_unblocker>& unblocker)
  : channel_(std::move(session.channel)),
    greeting_(std::move(session.greeting)),
    home_(home_of(options, greeting_.protocol)),
    leavings_(home_),
    repeats_(options.retry_on_timeout),
    first_try_limit_(options.attempt_timeout) {
  if (unblocker != nullptr)
    blocker_ = std::make_unique<redis_blocker>(unblocker, greeting_.id,
                                               session.round_trip);
}

// -- work ---------------------------------------------------------------------

error redis_connection::unusable(time_point deadline) const {
  if (broken_)
    return {
      errc::connection_lost, "the connection is broken; acquire another", {}};
  if (clock::now() >= deadline)
    return {
      errc::execute_timeout, "there was no time left; nothing was sent", {}};
  if (!due_.empty())
    return {errc::invalid_argument,
            std::to_string(due_.size())
              + " replies are due; receive them before anything else",
            {}};
  return {};
}

error redis_connection::refusal(const redis_command& x,
                                const redis_command_facts* facts,
                                redis_place place) const {
  if (auto why = redis_refusal(x, facts, place, blocker_ != nullptr))
    return *std::move(why);
  if (restricted_ && (facts == nullptr || !facts->reads_only()))
    return redis_not_a_read(x);
  return {};
}

error redis_connection::refusal(const redis_commands& what,
                                bool& leaves) const {
  leaves = false;
  if (what.items.empty())
    return no_redis_command();
  auto place = redis_place_of(what);
  for (auto& x : what.items) {
    auto* facts = find_redis_command(x);
    if (auto why = refusal(x, facts, place))
      return why;
    leaves = leaves || !leavings_.ignores(facts);
  }
  return {};
}

result<outcome> redis_connection::run(const work& what, time_point deadline) {
  auto* commands = std::get_if<redis_commands>(&what.what);
  if (commands == nullptr)
    return no_redis_work();
  auto leaves = true;
  if (auto why = refusal(*commands, leaves))
    return why;
  if (auto why = unusable(deadline))
    return why;
  return commands->as == redis_commands::form::transaction
           ? transact(*commands, deadline)
           : pipeline(*commands, leaves, deadline);
}

bool redis_connection::may_repeat(const work& what, errc why) const noexcept {
  auto* commands = std::get_if<redis_commands>(&what.what);
  return repeats_ && commands != nullptr
         && caf_pool::may_repeat(commands->items, why);
}

duration redis_connection::first_try_limit() const noexcept {
  return first_try_limit_;
}

result<outcome> redis_connection::pipeline(const redis_commands& what,
                                           bool leaves, time_point deadline) {
  auto began = clock::now();
  // What blocks stands alone, or it was refused.
  auto blocking = blocker_ != nullptr && blocks(what.items.front());
  auto got = blocking ? wait_for(what.items.front(), deadline)
             : leaves ? exchange(what.items, deadline)
                      : send(what.items, deadline);
  auto replies = redis_replies{};
  replies.items.reserve(what.items.size());
  for (auto& reply : got.replies)
    replies.items.push_back(judged(std::move(reply)));
  for (auto i = got.replies.size(); i < what.items.size(); ++i)
    replies.items.push_back(
      redis_loss(what.items[i], i < got.sent, got, clock::now() - began));
  // One command is one call, and its error that of the call.
  if (replies.items.size() == 1 && !replies.items.front())
    return replies.items.front().error();
  return outcome{std::move(replies)};
}

result<outcome> redis_connection::transact(const redis_commands& what,
                                           time_point deadline) {
  if (leavings_.has(redis_leaving::transaction))
    return error{errc::invalid_argument,
                 "the lease is in a transaction already (MULTI); send EXEC or "
                 "DISCARD first",
                 {}};
  auto began = clock::now();
  auto all = within_exec(what.items);
  auto got = exchange(all, deadline);
  if (got.end != redis_end::answered)
    return redis_transaction_loss(what.items, got, clock::now() - began);
  if (auto* why = std::get_if<redis_failure>(&got.replies.front().value))
    return without_multi(what, got.replies, judged(redis_value{*why}).error());
  auto& end = got.replies.back();
  if (auto* why = std::get_if<redis_failure>(&end.value)) {
    for (std::size_t i = 1; i <= what.items.size(); ++i)
      if (auto cause = judged(got.replies[i]); !cause)
        return cause.error();
    return judged(redis_value{*why}).error();
  }
  if (end.is_nil())
    return redis_conflict();
  auto* values = end.array();
  if (values == nullptr || values->items.size() != what.items.size())
    return give_up({errc::outcome_unknown,
                    "the reply to EXEC makes no sense: " + to_string(end),
                    {}});
  auto replies = redis_replies{};
  for (auto& value : values->items) {
    replies.items.push_back(judged(value));
    replies.partial = replies.partial || !replies.items.back();
  }
  return outcome{std::move(replies)};
}

template <class F>
redis_exchange redis_connection::attempt(F&& carry) {
  auto end = channel_->catch_up();
  auto got = end == redis_end::answered
               ? carry()
               : redis_exchange{end, {}, 0, channel_->reason()};
  if (got.end != redis_end::answered)
    broken_ = true;
  return got;
}

redis_exchange redis_connection::send(std::span<const redis_command> commands,
                                      time_point deadline) {
  return attempt([&] { return channel_->exchange(commands, deadline); });
}

redis_exchange redis_connection::wait_for(const redis_command& command,
                                          time_point deadline) {
  return attempt([&] { return blocker_->wait(*channel_, command, deadline); });
}

redis_exchange redis_connection::exchange(
  std::span<const redis_command> commands, time_point deadline) {
  auto got = send(commands, deadline);
  for (std::size_t i = 0; i < got.replies.size(); ++i)
    leavings_.note(commands[i], find_redis_command(commands[i]),
                   got.replies[i]);
  return got;
}

result<redis_value> redis_connection::judged(redis_value reply) {
  auto* failure = std::get_if<redis_failure>(&reply.value);
  if (failure == nullptr)
    return reply;
  switch (redis_meaning_of(failure->text).connection) {
    case redis_connection_fate::keep:
      break;
    case redis_connection_fate::retire:
      demoted_ = true;
      break;
    case redis_connection_fate::close:
      broken_ = true;
      break;
  }
  return redis_error(failure->text);
}

// -- commands of several callers ----------------------------------------------

result<std::size_t> redis_connection::post(
  std::span<const redis_command> commands, time_point deadline) {
  auto count = put(commands, deadline);
  if (count)
    channel_->flush();
  return count;
}

result<std::size_t> redis_connection::put(
  std::span<const redis_command> commands, time_point deadline) {
  auto now = clock::now();
  if (broken_ || now >= deadline)
    return unusable(deadline);
  // What does not go now is looked at when it goes.
  commands = commands.first(std::min(commands.size(), channel_->room()));
  for (auto& x : commands)
    if (auto why = refusal(x, find_redis_command(x), redis_place::pipeline))
      return why;
  if (due_.empty() && channel_->catch_up() != redis_end::answered)
    return give_up(
      {errc::connection_lost,
       "the connection was lost: " + channel_->reason() + "; nothing was sent",
       {}});
  auto count = channel_->put(commands);
  for (auto& x : commands.first(count)) {
    auto* facts = find_redis_command(x);
    auto harmless
      = x.is_idempotent() || (facts != nullptr && facts->reads_only());
    // What is noted late must not be taken for nothing meanwhile.
    auto& mine
      = due_.emplace_back(posted{std::string{x.name()}, harmless, now, {}});
    if (noting_ > 0 || !leavings_.ignores(facts)) {
      mine.command = x;
      ++noting_;
    }
  }
  return count;
}

std::optional<result<redis_value>> redis_connection::receive(
  time_point deadline) {
  if (due_.empty())
    return error{errc::invalid_argument, "no reply is due", {}};
  auto reply = redis_value{};
  auto end = channel_->receive(reply, deadline);
  if (end == redis_end::late)
    return std::nullopt;
  auto mine = std::move(due_.front());
  due_.pop_front();
  if (end != redis_end::answered) {
    broken_ = true;
    return redis_loss(mine.name, mine.harmless,
                      redis_exchange{end, {}, 0, channel_->reason()},
                      clock::now() - mine.since);
  }
  if (mine.command) {
    leavings_.note(*mine.command, find_redis_command(*mine.command), reply);
    --noting_;
  }
  return judged(std::move(reply));
}

// -- between leases -----------------------------------------------------------

result<void> redis_connection::take_greeting(const redis_value& reply) {
  if (auto* why = std::get_if<redis_failure>(&reply.value);
      why != nullptr && why->text.starts_with("ERR unknown command"))
    return {};
  auto told = read_greeting(reply);
  if (!told)
    return give_up({errc::connection_lost,
                    "the reply to HELLO makes no sense: " + to_string(reply),
                    {}});
  if (greeting_.id != 0 && told->id != greeting_.id)
    return give_up({errc::internal,
                    "the reply to HELLO was meant for another connection ("
                      + std::to_string(told->id) + " instead of "
                      + std::to_string(greeting_.id)
                      + "); the connection is closed",
                    {}});
  if (told->role != greeting_.role)
    return give_up(
      {errc::connection_lost,
       "the server is a " + told->role + " now, and was a " + greeting_.role,
       {}});
  return {};
}

result<void> redis_connection::probe(time_point deadline) {
  if (auto why = unusable(deadline))
    return why;
  if (!channel_->quiet())
    return give_up({errc::connection_lost,
                    "the server closed the idle connection, or sent what "
                    "nobody asked for",
                    {}});
  // PING is refused by a server that cannot write its snapshot, loads its data
  // or runs a script; HELLO is not, and tells the role and the connection's id.
  auto hello = redis_command{"HELLO"}.idempotent();
  auto began = clock::now();
  auto got = exchange({&hello, 1}, deadline);
  if (got.end != redis_end::answered)
    return redis_loss(hello, true, got, clock::now() - began);
  return take_greeting(got.replies.front());
}

result<void> redis_connection::restrict_to_reads(time_point deadline) {
  if (auto why = unusable(deadline))
    return why;
  restricted_ = true;
  return {};
}

result<void> redis_connection::carry_out(
  std::span<const redis_command> commands, time_point deadline) {
  if (commands.empty())
    return {};
  auto began = clock::now();
  auto got = exchange(commands, deadline);
  if (got.end != redis_end::answered) {
    // What cleans a connection that is lost has no other effect.
    auto lost = commands[got.replies.size()];
    return redis_loss(lost.idempotent(), true, got, clock::now() - began);
  }
  for (std::size_t i = 0; i < commands.size(); ++i) {
    auto* why = std::get_if<redis_failure>(&got.replies[i].value);
    if (why == nullptr)
      continue;
    return give_up(
      {errc::connection_lost,
       std::string{commands[i].name()}
         + " failed while the connection was cleaned: " + why->text,
       {}});
  }
  return {};
}

result<void> redis_connection::roll_back(time_point deadline) {
  std::vector<redis_command> commands;
  if (leavings_.has(redis_leaving::transaction))
    commands.emplace_back("DISCARD");
  else if (leavings_.has(redis_leaving::watch))
    commands.emplace_back("UNWATCH");
  return carry_out(commands, deadline);
}

result<void> redis_connection::go_home(time_point deadline) {
  auto way = leavings_.cheapest_removal(home_);
  if (way.close)
    return give_up({errc::connection_lost,
                    "the holder left what only closing the connection "
                    "removes",
                    {}});
  if (auto ok = carry_out(way.commands, deadline); !ok)
    return ok;
  leavings_.clear();
  return {};
}

result<void> redis_connection::reset(reset_policy policy, time_point deadline) {
  if (!due_.empty() && !broken_)
    return give_up({errc::connection_lost,
                    "the holder left replies that are due; the connection is "
                    "closed",
                    {}});
  if (auto why = unusable(deadline))
    return why;
  restricted_ = false;
  if (std::exchange(demoted_, false))
    if (auto ok = probe(deadline); !ok)
      return ok;
  switch (policy) {
    case reset_policy::none:
      return {};
    case reset_policy::transaction:
      return roll_back(deadline);
    case reset_policy::automatic:
      break;
    case reset_policy::full:
      leavings_.lose_sight();
      break;
  }
  return go_home(deadline);
}

trace redis_connection::state() const noexcept {
  if (broken_)
    return trace::broken;
  auto clean = leavings_.nothing() && !restricted_ && !demoted_ && due_.empty();
  return clean ? trace::clean : trace::dirty;
}

transaction_status redis_connection::transaction() const noexcept {
  return leavings_.has(redis_leaving::transaction) ? transaction_status::open
                                                   : transaction_status::none;
}

// -- end ----------------------------------------------------------------------

error redis_connection::give_up(error why) {
  broken_ = true;
  return why;
}

void redis_connection::cancel() noexcept {
  if (blocker_ != nullptr)
    blocker_->stop();
}

void redis_connection::abort() noexcept {
  broken_ = true;
  channel_->abort();
}

void redis_connection::close(time_point deadline) noexcept {
  broken_ = true;
  channel_->close(deadline);
}

} // namespace caf_pool
