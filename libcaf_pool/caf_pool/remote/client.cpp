#include "caf_pool/remote/client.hpp"

#include "caf_pool/caf/caf_compat_thread.hpp"
#include "caf_pool/protocol/codec.hpp"
#include "caf_pool/remote/connector_actor.hpp"
#include "caf_pool/remote/results.hpp"
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

  template <class T>
  result<T> question(wire::subject what, const std::string& pool) {
    auto reply = call_and_wait(*link, ask_about(what, pool, options.limit));
    if (reply.why)
      return std::move(reply.why);
    return wire::decode<T>(reply.payload);
  }

  sent_call order(const std::string& pool, const work& what,
                  const acquire_options& how) const {
    return ask_for_work(*link, false, pool, what, how.starting(clock::now()),
                        options.limit);
  }

  sent_call wish(const std::string& pool, const call_options& how) const {
    return ask_for_lease(*link, pool, how, options.limit);
  }

  result<remote_lease> acquire(sent_call x) {
    auto reply = call_and_wait(*link, std::move(x));
    if (reply.why)
      return std::move(reply.why);
    return remote_lease{link, std::move(reply.lease), options.limit};
  }

  /// Sends a call whose answer comes to a function.
  template <class Handler>
  void send(sent_call x, Handler handler) {
    if (x.limit <= duration::zero()) {
      handler({nothing_sent(x.kind), {}, nullptr, {}});
      return;
    }
    auto now = clock::now();
    auto sent = link->call(std::move(x.message),
                           {x.kind, now, add_saturated(now, x.limit), handler});
    if (!sent)
      handler({sent.error(), {}, nullptr, {}});
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
  auto visit = visiting_thread{};
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
  auto how = acquire_options{};
  how.limit = limit;
  return only_result_of(run(pool, what, how));
}

result<remote_client::results> remote_client::transaction(
  const std::string& pool, const std::vector<sql_statement>& statements,
  std::optional<duration> limit) {
  auto how = acquire_options{};
  how.limit = limit;
  return results_of(run(pool, statements, how));
}

result<outcome> remote_client::run(const std::string& pool, const work& what,
                                   const acquire_options& how) {
  auto reply = call_and_wait(*impl_->link, impl_->order(pool, what, how));
  if (reply.why)
    return std::move(reply.why);
  return wire::decode<outcome>(reply.payload);
}

void remote_client::run_async(const std::string& pool, const work& what,
                              run_handler handler, const acquire_options& how) {
  impl_->send(impl_->order(pool, what, how),
              [handler = std::move(handler)](remote_reply x) {
                if (x.why)
                  handler(std::move(x.why));
                else
                  handler(wire::decode<outcome>(x.payload));
              });
}

void remote_client::execute_async(const std::string& pool,
                                  const std::vector<sql_statement>& statements,
                                  execute_handler handler,
                                  std::optional<duration> limit) {
  auto how = acquire_options{};
  how.limit = limit;
  run_async(
    pool, statements,
    [handler = std::move(handler)](result<outcome> x) {
      handler(results_of(std::move(x)));
    },
    how);
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
  return impl_->acquire(impl_->wish(pool, how.starting(clock::now())));
}

result<remote_lease> remote_client::try_acquire(const std::string& pool) {
  auto how = call_options{};
  how.only_if_free = true;
  return impl_->acquire(impl_->wish(pool, how));
}

void remote_client::acquire_async(const std::string& pool,
                                  acquire_handler handler,
                                  const remote_acquire_options& how) {
  impl_->send(impl_->wish(pool, how.starting(clock::now())),
              [handler = std::move(handler), link = impl_->link,
               limit = impl_->options.limit](remote_reply x) {
                if (x.why)
                  handler(std::move(x.why));
                else
                  handler(remote_lease{link, std::move(x.lease), limit});
              });
}

// -- questions ----------------------------------------------------------------

result<void> remote_client::find(const std::string& pool) {
  auto reply = call_and_wait(
    *impl_->link, ask_about(wire::subject::find, pool, impl_->options.limit));
  if (reply.why)
    return std::move(reply.why);
  return {};
}

result<std::vector<std::string>> remote_client::list() {
  return impl_->question<std::vector<std::string>>(wire::subject::list, {});
}

result<pool_snapshot> remote_client::snapshot(const std::string& pool) {
  return impl_->question<pool_snapshot>(wire::subject::snapshot, pool);
}

result<std::vector<pool_health>> remote_client::health(
  const std::string& pool) {
  return impl_->question<std::vector<pool_health>>(wire::subject::health, pool);
}

void remote_client::subscribe(const std::string& pool, event_handler handler) {
  post_to(impl_->connector, listen_to{pool, std::move(handler)});
  // The connector asks, too, and again on each connection. A pool that does not
  // exist sends no events; that is all.
  static_cast<void>(
    call_and_wait(*impl_->link, ask_about(wire::subject::subscribe, pool,
                                          impl_->options.limit)));
}

void remote_client::unsubscribe(const std::string& pool) {
  post_to(impl_->connector, listen_to{pool, nullptr});
}

result<void> remote_client::control(const std::string& pool, verb what,
                                    duration limit) {
  auto reply = call_and_wait(
    *impl_->link, ask_to_operate(pool, what, limit, impl_->options.limit));
  if (reply.why)
    return std::move(reply.why);
  return {};
}

} // namespace caf_pool
