#include "caf_pool/remote/lease.hpp"

#include "caf_pool/protocol/codec.hpp"
#include "caf_pool/remote/results.hpp"
#include "caf_pool/remote/waiting_call.hpp"

#include <utility>

namespace caf_pool {

remote_lease::remote_lease(std::shared_ptr<remote_link> link,
                           std::shared_ptr<remote_lease_state> state,
                           duration limit)
  : link_(std::move(link)), state_(std::move(state)), limit_(limit) {
  // nop
}

remote_lease::remote_lease(remote_lease&& other) noexcept
  : link_(std::move(other.link_)),
    state_(std::move(other.state_)),
    limit_(other.limit_) {
  // nop
}

remote_lease& remote_lease::operator=(remote_lease&& other) noexcept {
  if (this != &other) {
    release();
    link_ = std::move(other.link_);
    state_ = std::move(other.state_);
    limit_ = other.limit_;
  }
  return *this;
}

remote_lease::~remote_lease() {
  release();
}

void remote_lease::give_back(const std::string& broken) noexcept {
  if (auto state = std::exchange(state_, nullptr))
    link_->release(*state, broken);
}

void remote_lease::release() noexcept {
  give_back({});
}

void remote_lease::discard(const std::string& reason) noexcept {
  give_back(reason.empty() ? "discarded by its holder" : reason);
}

bool remote_lease::lost() const {
  return state_ != nullptr && !link_->alive(*state_);
}

result<sql_result> remote_lease::execute(const sql_statement& what,
                                         std::optional<duration> limit) {
  return only_result_of(run(what, limit));
}

result<std::vector<sql_result>> remote_lease::transaction(
  const std::vector<sql_statement>& statements, std::optional<duration> limit) {
  return results_of(run(statements, limit));
}

result<outcome> remote_lease::run(const work& what,
                                  std::optional<duration> limit) {
  if (!state_)
    return error{
      errc::lease_released, "this lease was given back; acquire another", {}};
  if (lost())
    return error{errc::lease_lost,
                 "the node took this lease away, or must have by now, because "
                 "this process was silent for too long or the connection "
                 "broke; what was not committed is rolled back",
                 {}};
  auto how = acquire_options{};
  how.limit = limit;
  auto reply
    = call_and_wait(*link_, ask_for_work(*link_, true, state_->token, what,
                                         how.starting(clock::now()), limit_));
  if (reply.why.code == errc::lease_lost)
    state_->lost = true;
  if (reply.why)
    return std::move(reply.why);
  return wire::decode<outcome>(reply.payload);
}

} // namespace caf_pool
