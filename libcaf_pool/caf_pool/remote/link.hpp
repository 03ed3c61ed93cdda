#pragma once

#include "caf_pool/caf/send_in_name_of.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/protocol/codec.hpp"
#include "caf_pool/protocol/messages.hpp"
#include "caf_pool/protocol/part_collector.hpp"
#include "caf_pool/protocol/part_sender.hpp"
#include "caf_pool/remote/call_table.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace caf_pool {

/// A client's side of a session: what its threads and its connector share. The
/// connector brings it up and down and receives; everybody sends.
///
/// Leases are fenced on this side, too: the node counts a client as gone that
/// was silent for the time to live, so a client that cannot be sure that it was
/// heard within that time (because it was frozen, or the link was) gives its
/// leases up before the node does. Only clocks of this process are compared.
///
/// Thread-safety: all members from any thread. Handlers run on the thread that
/// settles a call, without a lock.
class remote_link {
public:
  explicit remote_link(std::string address);

  // -- for callers ------------------------------------------------------------

  /// Sends a request and notes who waits for the answer. Returns its number, or
  /// why nothing was sent. Requests arrive in the order of their numbers.
  result<std::uint64_t> call(wire::call x, remote_call c);

  /// Sends what needs no answer; drops it if there is no session.
  template <class Message>
  void note(Message x) {
    std::lock_guard guard{mutex_};
    if (session_)
      enqueue(std::move(x));
  }

  /// Gives up waiting. Returns false if the answer is just being delivered;
  /// otherwise the node is told, and a lease that comes late goes back.
  bool withdraw(std::uint64_t request);

  /// Gives a lease back; `broken` tells why it should not be used again.
  void release(const remote_lease_state& x, const std::string& broken);

  /// Tells whether a lease may still be used, as far as this side can know.
  bool alive(const remote_lease_state& x);

  /// Returns what the node should be told of a limit: less than it, so that the
  /// node's answer comes before the caller gives up; half of it at least.
  duration travel_limit(duration limit) const;

  bool connected() const;
  std::string node() const;

  // -- for the connector ------------------------------------------------------

  void up(const wire::session_handle& session,
          const caf::strong_actor_ptr& connector, const wire::welcome& x,
          time_point now);

  /// Fails all calls: `outcome_unknown` for statements, `why` for the rest.
  void down(error why);

  /// The payload of an answer is to follow in parts; the last one settles the
  /// call.
  void expect(const wire::answer& x);
  void gather(const wire::part& x);

  /// The session has room for another part.
  void proceed(const wire::more& x);

  /// Answers a call with what the payload says.
  void settle(std::uint64_t request, std::string payload, time_point now);

  /// As above, with an answer of `from` on the thread that brings it. Returns
  /// false and does nothing if `from` is not the session, or if there is no
  /// such call, or not one whose handler any thread may run.
  bool settle_early(const caf::strong_actor_ptr& from, const wire::answer& x,
                    time_point now);

  /// When an answer was settled early for the last time.
  time_point heard_early() const;

  void revoke(const wire::revoked& x);
  void expire(time_point now);

  /// The node heard what was sent at `sent`, at `now` at the latest.
  void confirm(time_point sent, time_point now);
  void measured(duration round_trip);

  /// Until when the connector sleeps; `call` wakes it for earlier deadlines.
  time_point sleep_until(time_point heartbeat);

private:
  error not_connected() const;
  void enter(std::uint64_t request, remote_call c);

  template <class Message>
  void enqueue(Message x) {
    send_in_name_of(connector_, session_, std::move(x));
  }

  /// A payload that is too large for one message is taken out of it.
  void keep_for_parts(wire::call& x);

  void send_parts();
  void drop_parts(std::uint64_t request);
  std::optional<remote_call> take(std::uint64_t request);
  void refuse(std::uint64_t request, error why);
  bool may_settle_early(const caf::strong_actor_ptr& from,
                        std::uint64_t request, time_point now);
  std::optional<remote_call> take_answered(std::uint64_t request);
  /// Answers a call, or gives back what nobody waits for any more.
  std::optional<remote_call> open_reply(std::uint64_t request,
                                        std::string payload, time_point now,
                                        remote_reply& reply);
  remote_reply lend(wire::grant x);
  void check_term(time_point now);

  mutable std::mutex mutex_;
  std::string address_;
  std::string node_;
  caf::strong_actor_ptr session_;
  caf::strong_actor_ptr connector_;
  error last_error_;
  call_table calls_;
  wire::part_sender sender_;
  wire::part_collector collector_;
  std::uint64_t last_request_ = 0;
  std::map<std::string, std::weak_ptr<remote_lease_state>> leases_;
  std::uint64_t term_ = 0;
  time_point confirmed_{};
  time_point heard_early_{};
  duration ttl_ = duration::zero();
  duration round_trip_ = duration::zero();
  time_point wake_at_ = never;
};

/// Wakes a connector for a deadline that is earlier than it knew.
struct link_poke {};

} // namespace caf_pool

CAF_POOL_BEGIN_MESSAGES(caf_pool_remote_link, 320)
CAF_POOL_MESSAGE(caf_pool_remote_link, caf_pool::link_poke)
CAF_POOL_END_MESSAGES(caf_pool_remote_link)
