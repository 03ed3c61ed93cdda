#pragma once

#include "caf_pool/actor/manager_messages.hpp"
#include "caf_pool/gate/reply_memory.hpp"
#include "caf_pool/gate/session_messages.hpp"
#include "caf_pool/gate/session_setup.hpp"
#include "caf_pool/protocol/codec.hpp"
#include "caf_pool/protocol/messages.hpp"
#include "caf_pool/protocol/part_collector.hpp"
#include "caf_pool/protocol/part_sender.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

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
  enum class request_kind { acquire, execute, other };

  /// A request whose payload is still to follow.
  struct incomplete {
    wire::call message;
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
  /// Answers a request; an empty payload says that all went well.
  void finish(std::uint64_t request, std::string payload = {});
  void fail(std::uint64_t request, error why);
  void fail_as_withdrawn(std::uint64_t request);
  void fail_as_pool_said(std::uint64_t request, const caf::error& why);
  void deliver(std::uint64_t request, const std::string& payload);
  void deliver_in_parts(std::uint64_t request, std::string payload);
  void send_parts();
  void with_pool(std::uint64_t request, const std::string& name,
                 std::function<void(const pool_handle&)> f);
  void run(std::uint64_t request, const pool_handle& pool, execute what);

  /// Starts a request that is complete, and was when it came at `since` as far
  /// as its limits go.
  void start(const wire::call& x, time_point since);
  /// Starts what wants a connection.
  void serve(const wire::call& x, time_point since);
  void execute_on(const wire::call& x, execute what);
  void acquire_from(const wire::call& x, call_options how);
  void operate(const wire::call& x);
  void command(std::uint64_t request, const pool_handle& pool,
               const control& order);
  void resume(std::uint64_t request, const std::string& pool);

  void find(const wire::call& x);
  void list(const wire::call& x);
  void tell_snapshot(const wire::call& x);
  void tell_health(const wire::call& x);
  void add_subscription(const wire::call& x);
  void drop_subscription(const wire::call& x);

  void on_call(const wire::call& x);
  void on_release(const wire::release& x);
  void on_cancel(const wire::cancel& x);
  void on_renew(const wire::renew& x);
  void on_goodbye(const wire::goodbye& x);
  void on_part(const wire::part& x);
  void on_more(const wire::more& x);
  void on_event(const pool_event& x);

  // -- leases -----------------------------------------------------------------

  void hand_over(std::uint64_t request, const lease_grant& x,
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
  reply_memory<std::string> memory_;
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
