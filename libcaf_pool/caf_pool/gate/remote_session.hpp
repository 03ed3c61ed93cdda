#pragma once

#include "caf_pool/actor/manager_messages.hpp"
#include "caf_pool/gate/reply_memory.hpp"
#include "caf_pool/gate/session_messages.hpp"
#include "caf_pool/gate/session_setup.hpp"
#include "caf_pool/protocol/messages.hpp"
#include "caf_pool/protocol/part_collector.hpp"
#include "caf_pool/protocol/part_sender.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>

namespace caf_pool {

/// Works for one client: passes its requests on to pools and holds its leases.
/// Whatever happens to the client, nothing of it stays behind: it is monitored,
/// its leases end when it is silent for `lease_ttl`, and the pools watch the
/// session in their turn. Every request is answered exactly once, whatever
/// happens to the pool.
class remote_session : public session_shell::base {
public:
  remote_session(caf::actor_config& cfg, session_setup setup);

  behavior_type make_behavior() override;

  void on_exit() override;

private:
  using reply
    = std::variant<wire::done, wire::granted, wire::answer, wire::failed>;

  enum class request_kind { acquire, execute, other };

  /// A request whose statements are still to follow.
  struct incomplete {
    std::variant<wire::execute, wire::execute_on> message;
    time_point since;
  };

  struct open_request {
    request_kind kind = request_kind::other;
    std::string pool_name;
    pool_handle pool;
    /// The lease it runs on.
    std::string token;
    /// When the session answers by itself.
    time_point guard;
    bool withdrawn = false;
    /// Null once everything is here.
    std::unique_ptr<incomplete> rest;
  };

  struct held_lease {
    lease_id id;
    pool_handle pool;
    std::string pool_name;
  };

  // -- requests ---------------------------------------------------------------

  template <class T>
  auto guarded(void (remote_session::*handler)(const T&));

  bool from_client();
  /// Opens a request. Returns false if it was answered instead.
  bool begin(std::uint64_t request, request_kind kind, role needed,
             duration limit);
  void finish(std::uint64_t request, reply x);
  void fail(std::uint64_t request, error why);
  void fail_as_withdrawn(std::uint64_t request);
  void fail_as_pool_said(std::uint64_t request, const caf::error& why);
  void deliver(const reply& x);
  void deliver_in_parts(wire::answer x);
  void send_parts();
  void with_pool(std::uint64_t request, const std::string& name,
                 std::function<void(const pool_handle&)> f);
  void run(std::uint64_t request, const pool_handle& pool, execute what);

  /// Starts a request, as soon as its statements are here.
  template <class T>
  void start_complete(const T& x);

  void start(const wire::execute& x);
  void start(const wire::execute_on& x);
  void command(std::uint64_t request, const pool_handle& pool,
               const control& order);
  void resume(std::uint64_t request, const std::string& pool);

  void on_find(const wire::find_pool& x);
  void on_list(const wire::list_pools& x);
  void on_execute(const wire::execute& x);
  void on_acquire(const wire::acquire& x);
  void on_execute_on(const wire::execute_on& x);
  void on_release(const wire::release& x);
  void on_cancel(const wire::cancel& x);
  void on_snapshot(const wire::get_snapshot& x);
  void on_health(const wire::get_health& x);
  void on_subscribe(const wire::subscribe& x);
  void on_control(const wire::control& x);
  void on_renew(const wire::renew& x);
  void on_goodbye(const wire::goodbye& x);
  void on_part(const wire::part& x);
  void on_more(const wire::more& x);
  void on_event(const pool_event& x);

  // -- leases -----------------------------------------------------------------

  void restrict_to_reads(const acquire& wish, const lease_grant& x,
                         const pool_handle& pool);
  void hand_over(const acquire& wish, const lease_grant& x,
                 const pool_handle& pool);
  /// Nobody waits for the answer any more.
  bool unwanted(std::uint64_t request) const;
  void take_back(const std::string& token, const std::string& broken);
  void revoke_all(const std::string& reason);
  bool at_lease_limit() const;

  void on_tokens(const tokens_changed& x);
  void on_tick();
  void arm();
  void expire_requests(time_point now);
  void expire_client(time_point now);
  void end(const std::string& reason, bool tell_client);
  void clean_up();

  session_setup setup_;
  /// For people: "remote shop orders-7".
  std::string holder_;
  wire::client_handle client_;
  std::unordered_map<std::uint64_t, open_request> open_;
  reply_memory<reply> memory_;
  wire::part_collector collector_;
  wire::part_sender sender_;
  std::map<std::string, held_lease> leases_;
  /// By names, as of that version of the manager's directory.
  std::map<std::string, pool_handle> pools_;
  std::uint64_t pools_version_ = 0;
  std::set<std::string> subscriptions_;
  time_point heard_at_;
  time_point next_tick_ = never;
  /// Events that may go out before the next refill.
  std::uint32_t event_credit_;
  std::uint64_t missed_events_ = 0;
};

} // namespace caf_pool
