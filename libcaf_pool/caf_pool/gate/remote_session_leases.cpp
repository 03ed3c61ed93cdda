#include "caf_pool/gate/remote_session.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

void remote_session::acquire_from(const wire::call& x, call_options how) {
  if (at_lease_limit()) {
    fail(x.request, {errc::queue_full,
                     "this client holds or waits for "
                       + std::to_string(setup_.limits.max_leases_per_client)
                       + " leases, which is its limit; release some",
                     {}});
    return;
  }
  with_pool(
    x.request, x.target,
    [this, request = x.request, how = std::move(how)](const pool_handle& pool) {
      open_[request].pool = pool;
      ask(this, pool, caf::infinite, acquire{how, request})
        .then([this, request,
               pool](const lease_grant& got) { hand_over(request, got, pool); },
              [this, request](const caf::error& why) {
                fail_as_pool_said(request, why);
              });
    });
}

bool remote_session::unwanted(std::uint64_t request) const {
  auto i = open_.find(request);
  return i == open_.end() || i->second.withdrawn;
}

bool remote_session::at_lease_limit() const {
  // The request that asks counts as one of those that wait.
  auto waiting = std::count_if(open_.begin(), open_.end(), [](auto& kvp) {
    return kvp.second.kind == request_kind::acquire;
  });
  return leases_.size() + static_cast<std::size_t>(waiting)
         > setup_.limits.max_leases_per_client;
}

void remote_session::hand_over(std::uint64_t request, const lease_grant& x,
                               const pool_handle& pool) {
  auto i = open_.find(request);
  if (unwanted(request)) {
    send_to(this, pool, caf_pool::release{x.lease, {}});
    if (i != open_.end())
      fail_as_withdrawn(request);
    return;
  }
  auto token = random_token();
  leases_.emplace(token, held_lease{x.lease, pool, i->second.pool_name});
  finish(request, wire::encode(wire::grant{token, x.waited}));
  arm();
}

void remote_session::on_release(const wire::release& x) {
  take_back(x.token, x.broken);
}

void remote_session::take_back(const std::string& token,
                               const std::string& broken) {
  auto node = leases_.extract(token);
  if (node.empty()) {
    ++setup_.counters->stale_tokens;
    return;
  }
  auto& lease = node.mapped();
  auto busy = false;
  for (auto& [id, x] : open_)
    if (x.token == token) {
      busy = true;
      send_to(this, lease.pool, cancel_request{id});
    }
  if (busy) {
    // Its statement still runs: not something to hand on as it is.
    send_to(this, lease.pool, revoke_lease{lease.id});
    return;
  }
  auto why = error{};
  if (!broken.empty())
    why = {errc::connection_lost, broken, {}};
  send_to(this, lease.pool, caf_pool::release{lease.id, why});
}

void remote_session::revoke_all(const std::string& reason) {
  if (leases_.empty())
    return;
  if (setup_.log)
    setup_.log->write(severity::warning, "remote_leases_revoked",
                      {{"principal", setup_.who.name},
                       {"client", setup_.client_name},
                       {"leases", std::to_string(leases_.size())},
                       {"reason", reason}});
  setup_.counters->leases_revoked += leases_.size();
  for (auto& [token, x] : leases_) {
    send_to(this, x.pool, revoke_lease{x.id});
    send_to(this, client_, wire::revoked{token, reason});
  }
  leases_.clear();
}

void remote_session::on_cancel(const wire::cancel& x) {
  if (auto i = open_.find(x.request); i != open_.end()) {
    i->second.withdrawn = true;
    if (i->second.rest)
      fail_as_withdrawn(x.request);
    else if (i->second.pool)
      send_to(this, i->second.pool, cancel_request{x.request});
    return;
  }
  sender_.give_up(x.request);
  // Granted, but the client gave up before it knew.
  if (memory_.state(x.request) != request_state::remembered)
    return;
  auto grant = wire::decode<wire::grant>(memory_.get(x.request));
  if (grant && leases_.contains(grant->token))
    take_back(grant->token, {});
}

} // namespace caf_pool
