#include "caf_pool/backend/redis_cluster/node_exchange.hpp"

#include "caf_pool/backend/redis/redis_connection.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace caf_pool::cluster {

namespace {

node_answer refused_by(const batch& what, const error& why) {
  return {{what.parts.size(), result<redis_value>{why}}, why};
}

redis_commands behind_asking(const batch& what) {
  auto result = redis_commands{};
  for (auto& x : what.work.items) {
    result.items.emplace_back("ASKING");
    result.items.push_back(x);
  }
  return result;
}

/// Drops the replies to ASKING.
void drop_asking(std::vector<result<redis_value>>& xs) {
  for (std::size_t i = 0; i < xs.size() / 2; ++i)
    xs[i] = std::move(xs[2 * i + 1]);
  xs.erase(xs.begin() + static_cast<std::ptrdiff_t>(xs.size() / 2), xs.end());
}

/// One node alone.
node_answer exchange_with(connection& node, const batch& what,
                          time_point deadline) {
  auto together = what.asking && what.work.as == redis_commands::form::pipeline;
  if (what.asking && !together)
    if (auto asked = node.run(redis_command{"ASKING"}, deadline); !asked)
      return refused_by(what, asked.error());
  auto done = node.run(together ? behind_asking(what) : what.work, deadline);
  if (!done)
    return refused_by(what, done.error());
  auto result = node_answer{std::move(done->replies().items), {}};
  if (together)
    drop_asking(result.replies);
  return result;
}

/// A node among others.
class posting {
public:
  posting(shipment& x, redis_connection& node)
    : to_(x), node_(node), asking_(x.what->asking) {
    if (asking_)
      asked_ = behind_asking(*x.what);
  }

  /// Sends as much as may be under way.
  void post(time_point deadline) {
    auto rest = std::span{commands()}.subspan(sent_);
    if (rest.empty() || failed_)
      return;
    auto count = node_.post(rest, deadline);
    if (count)
      sent_ += *count;
    else
      failed_ = count.error();
  }

  void receive_all(time_point deadline) {
    auto& replies = to_.answer.replies;
    while (replies.size() < sent_ || (sent_ < commands().size() && !failed_)) {
      if (replies.size() == sent_) {
        post(deadline);
        // There is room when no reply is due.
        if (replies.size() == sent_ && !failed_)
          failed_ = error{errc::internal, "nothing could be sent", {}};
        continue;
      }
      auto reply = node_.receive(deadline);
      if (!reply) {
        late_ = true;
        node_.abort();
        continue;
      }
      replies.push_back(told(*std::move(reply)));
      if (sent_ < commands().size() && !late_)
        post(deadline);
    }
    if (failed_)
      replies.resize(commands().size(), told(failed_));
    if (asking_)
      drop_asking(replies);
  }

private:
  const std::vector<redis_command>& commands() const {
    return asking_ ? asked_.items : to_.what->work.items;
  }

  /// The connection was closed because of the deadline.
  result<redis_value> told(result<redis_value> x) const {
    if (!late_ || x || x.error().code != errc::connection_lost)
      return x;
    auto why = x.error();
    why.code = errc::execute_timeout;
    why.message = "no reply within the time of the call";
    return why;
  }

  shipment& to_;
  redis_connection& node_;
  bool asking_;
  redis_commands asked_;
  std::size_t sent_ = 0;
  bool late_ = false;
  error failed_;
};

} // namespace

void exchange_all(std::vector<shipment>& all, time_point deadline) {
  std::vector<posting> several;
  for (auto& x : all) {
    auto* node = dynamic_cast<redis_connection*>(x.node);
    if (all.size() == 1 || node == nullptr
        || x.what->work.as == redis_commands::form::transaction)
      x.answer = exchange_with(*x.node, *x.what, deadline);
    else
      several.emplace_back(x, *node);
  }
  for (auto& x : several)
    x.post(deadline);
  for (auto& x : several)
    x.receive_all(deadline);
}

} // namespace caf_pool::cluster
