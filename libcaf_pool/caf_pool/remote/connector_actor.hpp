#pragma once

#include "caf_pool/core/random.hpp"
#include "caf_pool/net/tcp_probe.hpp"
#include "caf_pool/remote/connector_messages.hpp"
#include "caf_pool/remote/sent_call.hpp"

#include <functional>
#include <map>

namespace caf_pool {

struct connector_setup {
  remote_options options;
  tcp_address where;
  std::shared_ptr<remote_link> link;
  /// Called once, with how the first attempt went.
  std::function<void(error)> first_outcome;
};

/// Keeps a client connected, and receives what its session says.
///
/// ~~~
///            start                    somebody listens         handshake
///   waiting -------> probing ---------------------> connecting --------> login
///      ^                | nobody listens                 | failed          |
///      +----------------+--------------------------------+-----------------+
///      |                                                    welcome |
///      +------------------------------------------------------- ready
///              the session ended, or was silent for too long
/// ~~~
///
/// `closed` follows from anywhere, and lasts until CAF has no connect of this
/// actor under way.
class connector_actor : public early_receiver<connector_shell::base> {
public:
  connector_actor(caf::actor_config& cfg, connector_setup setup);

  behavior_type make_behavior() override;
  void on_exit() override;

private:
  bool receive_early(caf::mailbox_element_ptr& x, message_host* where) override;
  enum class stage { waiting, probing, connecting, login, ready, closed };

  template <class T>
  using promise = caf::typed_response_promise<T>;

  // -- connecting -------------------------------------------------------------

  void dial();
  void on_step(const dial_step& x);
  void on_probe();
  void connect();
  void log_in(const caf::strong_actor_ptr& gate);
  void forget_gate();
  void ready(const wire::welcome& x);
  void lost(error why);
  void tell_outcome(const error& why);
  void close();
  void leave();
  void after(duration delay);
  caf::timespan time_left() const;
  void on_down(const caf::actor_addr& who, const caf::error& why);

  template <class Handle>
  void watch(const Handle& who) {
    watch_actor(this, who,
                [this](const caf::actor_addr& addr, const caf::error& why) {
                  on_down(addr, why);
                });
  }

  // -- while connected --------------------------------------------------------

  bool from_session();

  /// Passes on what the session says.
  template <class T>
  auto to_link(void (remote_link::*handler)(const T&));

  void on_wake(const connector_wake& x);
  void beat(time_point now);
  void arm();
  void on_event(const wire::event& x);
  void on_answer(const wire::answer& x);
  void on_renewed(const wire::renewed& x);
  void on_listen(const listen_to& x);
  void ask_for_events(const std::string& pool, bool stop);

  // -- for actors -------------------------------------------------------------

  promise<remote_outcome> on_execute(const remote_execute& x);
  promise<remote_grant> on_acquire(const remote_acquire& x);
  void on_release(const remote_release& x);
  promise<remote_names> on_list(const remote_list& x);
  promise<remote_snapshot> on_snapshot(const remote_get_snapshot& x);
  promise<remote_health> on_health(const remote_get_health& x);
  promise<remote_done> on_control(const remote_control& x);

  template <class Reply, class Convert>
  promise<Reply> forward(sent_call x, Convert convert);
  void own(std::shared_ptr<remote_lease_state> lease, const caf::actor& owner);
  bool owns_any(const caf::actor_addr& who) const;

  struct local_lease {
    std::shared_ptr<remote_lease_state> state;
    caf::actor_addr owner;
  };

  connector_setup setup_;
  random_source dice_;
  tcp_probe probe_;
  stage stage_ = stage::waiting;
  std::uint64_t attempt_ = 0;
  std::uint32_t failures_ = 0;
  time_point give_up_at_{};
  /// Until when the first outcome may take.
  time_point first_deadline_ = never;
  time_point ready_since_{};
  /// Only during the login.
  wire::gate_handle gate_;
  wire::session_handle session_;
  duration heartbeat_{};
  duration ttl_{};
  time_point heard_at_{};
  time_point next_beat_ = never;
  std::uint64_t sequence_ = 0;
  /// When those were sent that no answer has come to.
  std::map<std::uint64_t, time_point> beats_;
  std::uint64_t timer_ = 0;
  std::map<std::string, std::function<void(const pool_event&)>> listeners_;
  std::map<std::string, local_lease> leases_;
};

} // namespace caf_pool
