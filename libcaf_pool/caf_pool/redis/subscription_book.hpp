#pragma once

#include "caf_pool/core/error.hpp"
#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/redis_message.hpp"
#include "caf_pool/core/redis_value.hpp"
#include "caf_pool/core/time.hpp"

#include <compare>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace caf_pool {

/// What somebody wants to hear of.
///
/// Thread-safety: a plain value.
struct redis_topics {
  std::vector<std::string> channels = {};
  /// As of PSUBSCRIBE: "news.*".
  std::vector<std::string> patterns = {};
  /// Of SSUBSCRIBE, whose messages come by SPUBLISH; not for clusters yet.
  std::vector<std::string> shard_channels = {};
};

/// Who hears of it.
struct redis_listener {
  std::function<void(const redis_message&)> message;
  /// Told before the first message that follows; may be left out by those who
  /// do not mind.
  std::function<void(const redis_gap&)> gap = {};
};

/// Keeps account of subscriptions: which topics are wanted, what the server was
/// told and has confirmed, who is to hear of what, and who may have missed
/// something. Knows neither connections nor threads.
///
/// ~~~
///            orders              confirmed
///   absent ---------> asked --------------> confirmed
///     ^                 | refused              |
///     |                 v                      |
///     +------------- refused          lost     |
///     +----------------------------------------+
/// ~~~
///
/// Thread-safety: like a plain value.
class subscription_book {
public:
  struct topic {
    /// As the server says: "message", "pmessage" or "smessage".
    std::string kind;
    std::string name;

    auto operator<=>(const topic&) const = default;
  };

  struct entry {
    std::uint64_t id = 0;
    redis_listener listener;
    std::vector<topic> topics;
    /// The server confirmed all topics, be it before the last loss.
    bool established = false;
    /// Nobody listens any more.
    bool removed = false;
    /// Why it cannot be established.
    error failure = {};
    /// Since when messages may have been lost.
    std::optional<time_point> lost_since = std::nullopt;
    std::string lost_because = {};
  };

  using entry_ptr = std::shared_ptr<entry>;

  /// What is to be told to whom.
  struct delivery {
    entry_ptr to;
    std::variant<redis_message, redis_gap> what;
  };

  entry_ptr add(const redis_topics& what, redis_listener listener);

  void remove(const entry_ptr& x);

  /// Tells whether anybody wants anything.
  bool empty() const noexcept {
    return entries_.empty();
  }

  std::size_t size() const noexcept {
    return entries_.size();
  }

  // -- the server -------------------------------------------------------------

  /// Returns what has to be said to the server, and takes it as said.
  std::vector<redis_command> orders();

  /// Returns a question that is answered whatever is subscribed.
  redis_command ping();

  /// Tells whether the server owes replies.
  bool expects() const noexcept {
    return !due_.empty();
  }

  /// Takes what the server said. Returns why the conversation makes no sense;
  /// empty if it does.
  std::string take(const redis_value& said, std::uint64_t generation,
                   time_point now, std::vector<delivery>& out);

  /// The connection is gone; the last was heard at `since`.
  void lost(time_point since, const std::string& why);

  /// Why the server refused a topic last; no error if it never did.
  const error& last_refusal() const noexcept {
    return last_refusal_;
  }

  /// Nobody can be served until somebody changes something.
  void refused(const error& why);

private:
  enum class stage : std::uint8_t { absent, asked, confirmed, refused };

  struct topic_state {
    stage now = stage::absent;
    /// The order that counts; replies to older ones change nothing.
    std::uint64_t order = 0;
    std::vector<entry_ptr> listeners = {};
  };

  struct order {
    enum class verb : std::uint8_t { subscribe, unsubscribe, ping };
    verb what = verb::ping;
    topic about = {};
    std::uint64_t number = 0;
  };

  redis_command say(order::verb what, const topic& about);
  topic_state* owner_of(const order& x);
  void settle(const entry_ptr& x, std::uint64_t generation, time_point now,
              std::vector<delivery>& out);
  void confirm(const order& x, std::uint64_t generation, time_point now,
               std::vector<delivery>& out);
  void refuse(const order& x, const std::string& text);
  std::string take_array(const redis_array& said, std::uint64_t generation,
                         time_point now, std::vector<delivery>& out);
  void hand_out(const topic& about, const redis_message& what,
                std::uint64_t generation, time_point now,
                std::vector<delivery>& out);

  std::vector<entry_ptr> entries_;
  std::map<topic, topic_state> topics_;
  std::deque<order> due_;
  error last_refusal_;
  std::uint64_t entries_made_ = 0;
  std::uint64_t orders_made_ = 0;
};

} // namespace caf_pool
