#include "caf_pool/backend/redis_cluster/batch_splitter.hpp"
#include "caf_pool/backend/redis_cluster/refresh_policy.hpp"
#include "caf_pool/backend/redis_cluster/slot_table_reading.hpp"

#include "backend/redis_cluster/known_commands.hpp"
#include "backend/redis_cluster/simulated_cluster.hpp"
#include "machine/virtual_time.hpp"
#include "support/catch_compat.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::cluster;
using namespace std::chrono_literals;

namespace {

using kind = redirect::kind;

const std::vector<std::string> tags{"a", "b", "c", "d", "e", "f"};

/// What a run of the model met, so that a test knows that it met it.
struct encounters {
  std::size_t moved = 0;
  std::size_t asked = 0;
  std::size_t tried_again = 0;
  std::size_t down = 0;
  std::size_t held = 0;
  std::size_t refused = 0;
  std::size_t lost = 0;
  std::size_t abandoned = 0;
  std::size_t whole_calls = 0;
  std::size_t commands = 0;
  std::size_t refreshes = 0;
};

/// A command of a call, or a piece of one, and what became of it.
struct trace {
  redis_command command;
  std::size_t executions = 0;
  /// The reply to the last time that it was sent.
  std::optional<result<redis_value>> reply;
};

/// Sends calls to a simulated cluster, one after the other, while slots move.
class client {
public:
  client(std::uint64_t seed, bool losses)
    : dice_(seed),
      losses_(losses),
      servers_(2 + dice_.below(4), tags, dice_.next()),
      table_(std::make_shared<slot_table>()),
      policy_({}, dice_.split()) {
    // nop
  }

  /// Makes a call, and returns what is wrong with what came of it.
  std::string call() {
    auto commands = random_call();
    split_options options;
    options.facts = test::known_commands();
    options.split = true;
    options.trusted = [](const node_address&) { return true; };
    auto splitter = batch_splitter::make(
      {commands, redis_commands::form::pipeline}, std::move(options));
    if (!splitter)
      return to_string(splitter.error());
    traces_.clear();
    splitter_ = &*splitter;
    open_ = splitter_->start(*table_, dice_.next());
    lost_ = false;
    for (auto rounds = 0; !open_.empty(); ++rounds)
      step(rounds);
    if (!splitter_->done())
      return "a command has no reply, and is not under way";
    auto replies = std::move(*splitter_).finish();
    return judge(commands, replies);
  }

  /// Lets the cluster come to rest.
  void settle() {
    resting_ = true;
    servers_.settle();
    policy_.want(now_);
    now_ = std::max(now_, policy_.next());
    refresh();
  }

  encounters met;

private:
  std::string random_key() {
    return "{" + tags[dice_.below(tags.size())] + "}"
           + std::to_string(dice_.below(4));
  }

  redis_command random_command() {
    // Values are unique, so that no other write passes for one.
    switch (dice_.below(6)) {
      case 0:
        return redis_command{"GET", random_key()};
      case 1:
        return redis_command{"SET", random_key(), ++value_};
      case 2:
        return redis_command{"INCR", random_key()};
      default:
        break;
    }
    auto names = std::vector<std::string>{"MGET", "MSET", "DEL"};
    auto& name = names[dice_.below(names.size())];
    redis_command result{name};
    for (auto left = 1 + dice_.below(4); left > 0; --left) {
      result.add(random_key());
      if (name == "MSET")
        result.add(++value_);
    }
    return result;
  }

  std::vector<redis_command> random_call() {
    std::vector<redis_command> result;
    for (auto left = 1 + dice_.below(20); left > 0; --left)
      result.push_back(random_command());
    return result;
  }

  /// While ASK is under way no slot begins to move: Redis does not notice that
  /// the slot came and went meanwhile, and looks at the wrong node for the key.
  void go_on() {
    auto asks = std::any_of(open_.begin(), open_.end(),
                            [](auto& x) { return x.asking; });
    if (!resting_)
      servers_.go_on(!asks && !asking_);
  }

  void step(int rounds) {
    now_ += 5ms;
    go_on();
    refresh();
    auto i = dice_.below(open_.size());
    auto x = std::move(open_[i]);
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(i));
    if (rounds > 2000) {
      ++met.abandoned;
      take(splitter_->abandon(std::move(x), {errc::execute_timeout, "", ""}));
      return;
    }
    for (auto& sent : splitter_->route(std::move(x), *table_, dice_.next())) {
      if (sent.target) {
        send(std::move(sent));
      } else {
        policy_.want(now_);
        open_.push_back(std::move(sent));
      }
    }
  }

  void send(batch sent) {
    std::vector<result<redis_value>> replies;
    // After the loss of a connection the node may execute some more.
    auto breaks_at = losses_ && dice_.below(20) == 0
                       ? dice_.below(sent.parts.size())
                       : sent.parts.size();
    auto unseen = breaks_at + dice_.below(3);
    asking_ = sent.asking;
    for (std::size_t k = 0; k < sent.parts.size(); ++k) {
      if (k >= breaks_at && k >= unseen)
        break;
      auto before = servers_.executed();
      auto reply
        = servers_.execute(*sent.target, sent.work.items[k], sent.asking);
      auto& x = trace_of(sent.parts[k]);
      x.command = sent.work.items[k];
      x.executions += servers_.executed() - before;
      if (k < breaks_at) {
        count(reply);
        asking_ = asking_ || read_redirect(reply, {}).what == kind::ask;
        replies.push_back(std::move(reply));
      }
      if (dice_.below(3) == 0)
        go_on();
    }
    for (std::size_t k = 0; k < sent.parts.size(); ++k) {
      auto& x = trace_of(sent.parts[k]);
      x.command = sent.work.items[k];
      x.reply.reset();
      if (k < replies.size())
        x.reply = replies[k];
      else
        lost_ = true;
    }
    asking_ = false;
    auto from = sent.target;
    take(splitter_->answered(std::move(sent), std::move(replies), *table_),
         from);
  }

  void take(batch_splitter::step next, std::optional<node_address> from = {}) {
    for (auto& x : next.moved)
      table_ = learned(table_, x.slot, *x.target);
    if (next.refresh)
      policy_.want(now_, from);
    for (auto& x : next.batches) {
      if (x.why == kind::moved && !x.target)
        ++met.held;
      open_.push_back(std::move(x));
    }
  }

  void refresh() {
    if (!policy_.begin(now_))
      return;
    ++met.refreshes;
    auto& all = servers_.nodes();
    auto asked = policy_.whom().value_or(all[dice_.below(all.size())]);
    auto table = read_slot_table(servers_.slots(asked),
                                 {asked, servers_.epoch(asked), {}});
    if (!table || !table_->accepts(*table)) {
      policy_.failed(now_);
      return;
    }
    auto changed = !table->serves_as(*table_);
    table_ = std::make_shared<slot_table>(*std::move(table));
    policy_.finished(now_, changed);
  }

  void count(const result<redis_value>& reply) {
    auto what = read_redirect(reply, {}).what;
    met.moved += what == kind::moved;
    met.asked += what == kind::ask;
    met.tried_again += what == kind::try_again;
    met.down += what == kind::cluster_down || what == kind::unserved;
  }

  trace& trace_of(std::size_t part) {
    if (part >= traces_.size())
      traces_.resize(part + 1);
    return traces_[part];
  }

  /// Executes what was executed once more, in the order of the call, and
  /// compares the replies and what the keys hold then.
  std::string judge(const std::vector<redis_command>& commands,
                    const redis_replies& replies) {
    auto before = truth_;
    auto complete = !lost_;
    for (auto& x : traces_) {
      auto refused = x.reply && read_redirect(*x.reply, {});
      auto wanted = refused ? 0u : 1u;
      complete = complete && !refused && x.reply;
      ++met.commands;
      met.refused += refused ? 1 : 0;
      met.lost += x.reply ? 0 : 1;
      auto name = std::string{x.command.name()};
      if (x.executions > 1 || (x.reply && x.executions != wanted))
        return name + " was executed " + std::to_string(x.executions)
               + " times, not " + std::to_string(wanted);
      if (x.executions == 0)
        continue;
      auto reply = truth_.execute(x.command);
      if (x.reply && *x.reply != result<redis_value>{reply})
        return name + " was not executed in its turn";
    }
    if (truth_.values() != servers_.values())
      return "the keys hold other values than they should";
    if (replies.items.size() != commands.size())
      return "a reply is missing";
    if (!complete)
      return {};
    ++met.whole_calls;
    for (std::size_t i = 0; i < commands.size(); ++i)
      if (replies.items[i] != result<redis_value>{before.execute(commands[i])})
        return "a reply stands at another command's place";
    return {};
  }

  random_source dice_;
  bool losses_;
  bool resting_ = false;
  bool asking_ = false;
  test::simulated_cluster servers_;
  test::simulated_data truth_;
  slot_table_ptr table_;
  refresh_policy policy_;
  time_point now_ = at(0s);
  std::int64_t value_ = 0;
  batch_splitter* splitter_ = nullptr;
  std::vector<batch> open_;
  std::vector<trace> traces_;
  bool lost_ = false;
};

void add(encounters& all, const encounters& x) {
  all.moved += x.moved;
  all.asked += x.asked;
  all.tried_again += x.tried_again;
  all.down += x.down;
  all.held += x.held;
  all.refused += x.refused;
  all.lost += x.lost;
  all.abandoned += x.abandoned;
  all.whole_calls += x.whole_calls;
  all.commands += x.commands;
  all.refreshes += x.refreshes;
}

encounters run(std::uint64_t seeds, bool losses) {
  encounters all;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    client uut{seed, losses};
    std::string problem;
    for (auto left = 40; left > 0 && problem.empty(); --left)
      problem = uut.call();
    INFO("seed " << seed);
    REQUIRE(problem == "");
    add(all, uut.met);
  }
  return all;
}

} // namespace

TEST_CASE("calls are executed once and in order while slots move") {
  auto met = run(150, false);
  CAPTURE(met.commands, met.refused, met.whole_calls);
  CHECK(met.moved > 500);
  CHECK(met.asked > 500);
  CHECK(met.tried_again > 500);
  CHECK(met.down > 500);
  CHECK(met.held > 50);
  CHECK(met.refused > 50);
  // Most of what moves is found at its new place.
  CHECK(met.refused < met.commands / 100);
  CHECK(met.whole_calls > 1000);
  CHECK(met.refreshes > 150);
  CHECK(met.lost == 0);
  CHECK(met.abandoned == 0);
}

TEST_CASE("nothing is executed twice when connections are lost") {
  auto met = run(150, true);
  CHECK(met.lost > 300);
  CHECK(met.held > 50);
  CHECK(met.refused > 50);
}

TEST_CASE("a cluster at rest needs no redirects") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    client uut{seed, false};
    INFO("seed " << seed);
    for (auto left = 10; left > 0; --left)
      REQUIRE(uut.call() == "");
    uut.settle();
    auto before = uut.met;
    for (auto left = 10; left > 0; --left)
      REQUIRE(uut.call() == "");
    CHECK(uut.met.moved == before.moved);
    CHECK(uut.met.asked == before.asked);
    CHECK(uut.met.tried_again == before.tried_again);
  }
}
