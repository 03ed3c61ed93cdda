#include "raw_client.hpp"

#include "caf_pool/protocol/codec.hpp"

#include "remote_peer.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool::test {

using namespace std::chrono_literals;

namespace {

struct inbox {
  mutable std::mutex mutex;
  heard_messages messages;
  wire::session_handle session;
  error refused;

  void keep(const wire::answer& x) {
    std::lock_guard guard{mutex};
    if (wire::holds(wire::content::failure, x.payload))
      messages.failed.push_back({x.request, wire::decode_error(x.payload)});
    else if (auto grant = wire::decode<wire::grant>(x.payload))
      messages.granted.push_back({x.request, grant->token});
    else
      messages.answers.push_back(x);
  }

  template <class T>
  auto keep_in(std::vector<T> heard_messages::*where) {
    return [this, where](const T& x) {
      std::lock_guard guard{mutex};
      (messages.*where).push_back(x);
    };
  }
};

class listener : public wire::client_handle::base {
public:
  listener(caf::actor_config& cfg, inbox* in, wire::gate_handle gate,
           wire::hello greeting)
    : wire::client_handle::base(cfg),
      in_(in),
      gate_(std::move(gate)),
      greeting_(std::move(greeting)) {
    drop_unexpected(this);
  }

  behavior_type make_behavior() override {
    ask(this, gate_, caf::timespan{patience}, greeting_)
      .then(
        [this](const wire::welcome& x) {
          std::lock_guard guard{in_->mutex};
          in_->session = x.session;
        },
        [this](const caf::error& why) {
          std::lock_guard guard{in_->mutex};
          in_->refused = from_caf(why);
        });
    using heard = heard_messages;
    return {[this](const wire::answer& x) { in_->keep(x); },
            [](const wire::event&) {},
            in_->keep_in(&heard::revoked),
            in_->keep_in(&heard::renewed),
            in_->keep_in(&heard::farewells),
            in_->keep_in(&heard::parts),
            in_->keep_in(&heard::mores)};
  }

private:
  inbox* in_;
  wire::gate_handle gate_;
  wire::hello greeting_;
};

template <class T>
const T* find_request(const std::vector<T>& xs, std::uint64_t request) {
  auto i = std::find_if(xs.begin(), xs.end(),
                        [&](auto& x) { return x.request == request; });
  return i == xs.end() ? nullptr : &*i;
}

} // namespace

struct raw_client::impl {
  impl(remote_node& node, const char* token) : peer(node) {
    auto greeting = wire::hello{wire::protocol_version,
                                node.options(token).principal, token, "raw"};
    self = peer.system().spawn<listener>(&in, peer.gate(), greeting);
    auto over = eventually([this] {
      std::lock_guard guard{in.mutex};
      return in.session || in.refused;
    });
    if (!over || in.refused)
      throw pool_error{in.refused};
    session = in.session;
  }

  ~impl() {
    caf::anon_send_exit(self, caf::exit_reason::user_shutdown);
  }

  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  inbox in;
  remote_peer peer;
  wire::client_handle self;
  wire::session_handle session;
};

raw_client::raw_client(remote_node& node, const char* token)
  : impl_(std::make_unique<impl>(node, token)) {
  // nop
}

raw_client::~raw_client() = default;

heard_messages raw_client::heard() const {
  std::lock_guard guard{impl_->in.mutex};
  return impl_->in.messages;
}

error raw_client::outcome(std::uint64_t request) const {
  auto result = error{errc::internal, "no answer", {}};
  eventually([&] {
    auto all = heard();
    if (auto* x = find_request(all.failed, request))
      result = x->why;
    else if (find_request(all.granted, request)
             || find_request(all.answers, request))
      result = {};
    else
      return false;
    return true;
  });
  return result;
}

std::string raw_client::acquire(std::uint64_t request,
                                const std::string& pool) {
  auto order = want(request);
  order.target = pool;
  say(order);
  if (auto why = outcome(request))
    throw pool_error{why};
  return find_request(heard().granted, request)->token;
}

void raw_client::die() {
  caf::anon_send_exit(impl_->self, caf::exit_reason::kill);
}

const wire::session_handle& raw_client::session() const {
  return impl_->session;
}

const wire::gate_handle& raw_client::gate() const {
  return impl_->peer.gate();
}

caf::actor_system& raw_client::system() {
  return impl_->peer.system();
}

caf::strong_actor_ptr raw_client::self() const {
  return caf::actor_cast<caf::strong_actor_ptr>(impl_->self);
}

caf::strong_actor_ptr raw_client::session_ptr() const {
  return caf::actor_cast<caf::strong_actor_ptr>(impl_->session);
}

namespace {

wire::call call_of(std::uint64_t request, wire::subject what,
                   const std::string& target, duration limit) {
  auto result = wire::call{};
  result.request = request;
  result.what = static_cast<std::uint8_t>(what);
  result.target = target;
  result.limit_us = wire::to_us(limit);
  return result;
}

std::string payload_of(const work& what, call_options how = {}) {
  return wire::encode(wire::order{std::move(how), what}, clock::now());
}

} // namespace

std::string order_of(const std::string& sql) {
  return payload_of(sql);
}

wire::call run_sql(std::uint64_t request, const std::string& sql,
                   duration limit) {
  auto result = call_of(request, wire::subject::execute, "main", limit);
  auto how = call_options{};
  how.deadline = clock::now() + limit;
  result.payload = payload_of(sql, how);
  return result;
}

wire::call want(std::uint64_t request, duration wait, call_options how) {
  auto result = call_of(request, wire::subject::acquire, "main", wait);
  how.wait_until = clock::now() + wait;
  result.payload = payload_of({}, how);
  return result;
}

wire::call run_on(std::uint64_t request, const std::string& token,
                  const std::string& sql) {
  auto result = call_of(request, wire::subject::execute_on, token, patience);
  result.payload = payload_of(sql);
  return result;
}

wire::call ask_for_names(std::uint64_t request) {
  return call_of(request, wire::subject::list, "", patience);
}

} // namespace caf_pool::test
