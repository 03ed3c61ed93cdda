#include "caf_pool/remote/client.hpp"

#include "caf_pool/protocol/codec.hpp"
#include "caf_pool/remote/connector_actor.hpp"
#include "caf_pool/remote/setup.hpp"
#include "caf_pool/remote/waiting_call.hpp"

#include <cstddef>
#include <future>
#include <utility>

namespace caf_pool {

namespace {

struct system_config : caf::actor_system_config {
  explicit system_config(const link_options& link) {
    set_fair_scheduler(*this, 2);
    configure_remote(*this, link);
    // Messages are read on the thread that receives them, because waking a
    // worker for that takes longer than the reading.
    set_option(*this, "middleman.workers", std::size_t{0});
  }
};

} // namespace

struct remote_client::impl {
  explicit impl(const remote_options& x)
    : options(x),
      config(x.link),
      system(config),
      link(std::make_shared<remote_link>(x.address)) {
    // nop
  }

  ~impl() {
    if (connector)
      post_to(connector, remote_close{});
  }

  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  /// Returns how the first attempt went.
  error start(const tcp_address& where) {
    std::promise<error> outcome;
    auto tell = [&outcome](error x) { outcome.set_value(std::move(x)); };
    connector = system.spawn<connector_actor>(
      connector_setup{options, where, link, tell});
    return outcome.get_future().get();
  }

  template <class Message>
  remote_reply ask_node(Message x) {
    return call_and_wait(*link, call_kind::question, std::move(x),
                         options.limit);
  }

  template <class T, class Message>
  result<T> question(Message x) {
    auto reply = ask_node(std::move(x));
    if (reply.why)
      return std::move(reply.why);
    return wire::decode<T>(reply.payload);
  }

  wire::execute order(const std::string& pool,
                      const std::vector<sql_statement>& statements,
                      duration limit) const {
    return {0, pool, wire::encode(statements),
            wire::to_us(link->travel_limit(limit)), 0};
  }

  duration wait_of(const remote_acquire_options& how) const {
    return how.wait.value_or(options.limit);
  }

  wire::acquire wish(const std::string& pool,
                     const remote_acquire_options& how) const {
    auto result = wire::acquire{};
    result.pool = pool;
    result.wait_us = wire::to_us(link->travel_limit(wait_of(how)));
    result.expected_us = wire::to_us(how.expected);
    result.priority = how.priority;
    result.read_only = how.read_only;
    return result;
  }

  result<remote_lease> acquire(wire::acquire x, duration wait) {
    auto reply = call_and_wait(*link, call_kind::acquire, std::move(x), wait);
    if (reply.why)
      return std::move(reply.why);
    return remote_lease{link, std::move(reply.lease), options.limit};
  }

  remote_options options;
  system_config config;
  caf::actor_system system;
  std::shared_ptr<remote_link> link;
  connector_shell connector;
};

// -- life ---------------------------------------------------------------------

result<remote_client> remote_client::connect(const remote_options& options) {
  auto where = parse_address(options.address);
  if (!where)
    return where.error();
  auto x = std::make_unique<impl>(options);
  if (auto why = x->start(*where))
    return why;
  return remote_client{std::move(x)};
}

remote_client::remote_client(std::unique_ptr<impl> x) : impl_(std::move(x)) {
  // nop
}

remote_client::remote_client(remote_client&&) noexcept = default;

remote_client& remote_client::operator=(remote_client&&) noexcept = default;

remote_client::~remote_client() = default;

bool remote_client::connected() const {
  return impl_->link->connected();
}

std::string remote_client::node() const {
  return impl_->link->node();
}

// -- statements ---------------------------------------------------------------

result<sql_result> remote_client::execute(const std::string& pool,
                                          const sql_statement& what,
                                          std::optional<duration> limit) {
  auto rows = transaction(pool, {what}, limit);
  if (!rows)
    return rows.error();
  if (rows->size() != 1)
    return error{errc::internal, "the node sent no result", {}};
  return std::move(rows->front());
}

result<remote_client::results> remote_client::transaction(
  const std::string& pool, const std::vector<sql_statement>& statements,
  std::optional<duration> limit) {
  auto at_most = limit.value_or(impl_->options.limit);
  auto reply = call_and_wait(*impl_->link, call_kind::execute,
                             impl_->order(pool, statements, at_most), at_most);
  if (reply.why)
    return std::move(reply.why);
  return wire::decode<results>(reply.payload);
}

void remote_client::execute_async(const std::string& pool,
                                  const std::vector<sql_statement>& statements,
                                  execute_handler handler,
                                  std::optional<duration> limit) {
  auto at_most = limit.value_or(impl_->options.limit);
  if (at_most <= duration::zero()) {
    handler(nothing_sent(call_kind::execute));
    return;
  }
  auto now = clock::now();
  auto on_reply = [handler](remote_reply x) {
    if (x.why)
      handler(std::move(x.why));
    else
      handler(wire::decode<results>(x.payload));
  };
  auto sent = impl_->link->call(
    impl_->order(pool, statements, at_most),
    {call_kind::execute, now, add_saturated(now, at_most), on_reply});
  if (!sent)
    handler(sent.error());
}

std::future<result<remote_client::results>> remote_client::execute_later(
  const std::string& pool, const std::vector<sql_statement>& statements,
  std::optional<duration> limit) {
  auto promised = std::make_shared<std::promise<result<results>>>();
  execute_async(
    pool, statements,
    [promised](result<results> x) { promised->set_value(std::move(x)); },
    limit);
  return promised->get_future();
}

// -- leases -------------------------------------------------------------------

result<remote_lease> remote_client::acquire(const std::string& pool,
                                            std::optional<duration> wait) {
  auto how = remote_acquire_options{};
  how.wait = wait;
  return acquire(pool, how);
}

result<remote_lease> remote_client::acquire(const std::string& pool,
                                            const remote_acquire_options& how) {
  return impl_->acquire(impl_->wish(pool, how), impl_->wait_of(how));
}

result<remote_lease> remote_client::try_acquire(const std::string& pool) {
  auto order = impl_->wish(pool, {});
  order.only_if_free = true;
  return impl_->acquire(std::move(order), impl_->options.limit);
}

void remote_client::acquire_async(const std::string& pool,
                                  acquire_handler handler,
                                  const remote_acquire_options& how) {
  auto at_most = impl_->wait_of(how);
  if (at_most <= duration::zero()) {
    handler(nothing_sent(call_kind::acquire));
    return;
  }
  auto now = clock::now();
  auto on_reply = [handler, link = impl_->link,
                   limit = impl_->options.limit](remote_reply x) {
    if (x.why)
      handler(std::move(x.why));
    else
      handler(remote_lease{link, std::move(x.lease), limit});
  };
  auto sent = impl_->link->call(
    impl_->wish(pool, how),
    {call_kind::acquire, now, add_saturated(now, at_most), on_reply});
  if (!sent)
    handler(sent.error());
}

// -- questions ----------------------------------------------------------------

result<void> remote_client::find(const std::string& pool) {
  auto reply = impl_->ask_node(wire::find_pool{0, pool});
  if (reply.why)
    return std::move(reply.why);
  return {};
}

result<std::vector<std::string>> remote_client::list() {
  return impl_->question<std::vector<std::string>>(wire::list_pools{});
}

result<pool_snapshot> remote_client::snapshot(const std::string& pool) {
  return impl_->question<pool_snapshot>(wire::get_snapshot{0, pool});
}

result<std::vector<pool_health>> remote_client::health(
  const std::string& pool) {
  return impl_->question<std::vector<pool_health>>(wire::get_health{0, pool});
}

void remote_client::subscribe(const std::string& pool, event_handler handler) {
  post_to(impl_->connector, listen_to{pool, std::move(handler)});
  // The connector asks, too, and again on each connection. A pool that does not
  // exist sends no events; that is all.
  static_cast<void>(impl_->ask_node(wire::subscribe{0, pool, false}));
}

void remote_client::unsubscribe(const std::string& pool) {
  post_to(impl_->connector, listen_to{pool, nullptr});
}

result<void> remote_client::control(const std::string& pool, wire::verb what,
                                    duration limit) {
  auto order = wire::control{0, pool, static_cast<std::uint8_t>(what),
                             wire::to_us(limit)};
  auto reply
    = call_and_wait(*impl_->link, call_kind::question, std::move(order),
                    wire::bounded(impl_->options.limit) + wire::bounded(limit));
  if (reply.why)
    return std::move(reply.why);
  return {};
}

} // namespace caf_pool
