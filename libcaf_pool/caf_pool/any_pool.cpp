#include "caf_pool/any_pool.hpp"

#include "caf_pool/actor/async_wish.hpp"
#include "caf_pool/actor/pool_shell.hpp"
#include "caf_pool/actor/pool_supervisor.hpp"
#include "caf_pool/caf/caf_compat_thread.hpp"
#include "caf_pool/front/wait_node.hpp"
#include "caf_pool/lease/last_word.hpp"
#include "caf_pool/lease/pooled_connection.hpp"
#include "caf_pool/lease/second_try.hpp"
#include "caf_pool/runtime.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace caf_pool {

namespace {

/// A pause between two attempts while the pool's actor is being restarted.
constexpr duration restart_pause = std::chrono::milliseconds{1};

/// How long the front may search for a connection. Whoever waits no longer than
/// that gets one try, or the search would outlast his deadline.
constexpr duration longest_search = std::chrono::milliseconds{1};

/// No question waits longer for its answer: sums of times must not overflow.
constexpr duration longest_question = std::chrono::hours{24};

/// Looks for the answer so often before sleeping.
constexpr std::uint32_t answer_spins = 32;

/// Searching a front that never lends would cost each caller a millisecond.
bool lends(const pool_config& x) {
  return x.fast_lane && x.order == hand_out_order::lifo
         && !x.validate_on_release;
}

error late(const std::string& name) {
  return {errc::acquire_timeout,
          "the pool \"" + name + "\" did not answer in time; its actor may be "
                                 "starved of threads",
          {}};
}

/// Tells whether the front may serve: it knows neither turns nor forecasts, and
/// asks no server.
bool is_plain(const acquire_options& options) {
  return options.priority == 0 && options.expected == duration::zero()
         && !options.read_only;
}

/// Returns when all of a call has to be over.
time_point end_of(const acquire_options& options) {
  if (!options.limit)
    return never;
  return add_saturated(clock::now(), std::max(*options.limit, {}));
}

/// Whoever waits for one connection while holding another may wait for himself:
/// with enough of the kind, all of them do.
error with_warning(error why, const slot_table& front) {
  if (why.code != errc::acquire_timeout)
    return why;
  auto held = 0;
  auto place = std::string{};
  front.for_each([&](const slot_view& x) {
    if (x.state != slot_state::taken || x.who.thread != thread_number())
      return;
    ++held;
    place = place_of(x.who);
  });
  if (held > 0)
    why.message += "; this thread holds " + std::to_string(held)
                   + " of this pool's connections itself, since " + place
                   + ": release before you wait for another, or all who do "
                     "this wait for each other";
  return why;
}

result<pool_ref> make_pool(caf::actor_system& sys, const pool_config& config,
                           backend_ptr backend) {
  auto visit = visiting_thread{};
  return spawn_pool(sys, config, std::move(backend));
}

} // namespace

struct any_pool::impl {
  std::shared_ptr<runtime> own;
  caf::actor_system* sys = nullptr;
  result<pool_ref> ref = error{errc::internal, "not started", {}};
  pool_config config;

  impl(std::shared_ptr<runtime> rt, caf::actor_system& system,
       const pool_config& cfg, backend_ptr backend, error why)
    : own(std::move(rt)),
      sys(&system),
      ref(why ? result<pool_ref>{std::move(why)}
              : make_pool(system, cfg, std::move(backend))),
      config(cfg) {
    // nop
  }

  impl(pool_ref pool, const pool_config& cfg)
    : sys(&pool.address->home_system()), ref(std::move(pool)), config(cfg) {
    // nop
  }

  pool_estate& estate() {
    return *ref->estate;
  }

  /// Waits for the answer to a message.
  template <class Answer, class... Ts>
  result<Answer> ask_pool(duration limit, Ts&&... xs) {
    if (!ref)
      return ref.error();
    auto visit = visiting_thread{};
    auto self = caf::scoped_actor{*sys};
    auto answer = result<Answer>{late(config.name)};
    ask(self.ptr(), ref->address,
        caf::timespan{std::clamp(limit, duration::zero(), longest_question)},
        std::forward<Ts>(xs)...)
      .receive([&](Answer& x) { answer = std::move(x); },
               [&](const caf::error& x) { answer = from_caf(x); });
    return answer;
  }
};

any_pool::any_pool(const pool_config& config, backend_ptr backend, error why) {
  auto rt = runtime::shared();
  auto& sys = rt->system();
  impl_ = std::make_unique<impl>(std::move(rt), sys, config, std::move(backend),
                                 std::move(why));
}

any_pool::any_pool(caf::actor_system& sys, const pool_config& config,
                   backend_ptr backend, error why)
  : impl_(std::make_unique<impl>(nullptr, sys, config, std::move(backend),
                                 std::move(why))) {
  // nop
}

any_pool::any_pool(const any_pool& beside, const pool_config& config,
                   backend_ptr backend, error why)
  : impl_(std::make_unique<impl>(beside.impl_->own, *beside.impl_->sys, config,
                                 std::move(backend), std::move(why))) {
  // nop
}

any_pool::any_pool(pool_ref ref, const pool_config& config)
  : impl_(std::make_unique<impl>(std::move(ref), config)) {
  // nop
}

any_pool::any_pool(any_pool&&) noexcept = default;

any_pool& any_pool::operator=(any_pool&&) noexcept = default;

any_pool::~any_pool() {
  if (impl_ != nullptr && impl_->ref)
    (void) drain(impl_->config.close_timeout);
}

result<void> any_pool::ready() const {
  if (!impl_->ref)
    return impl_->ref.error();
  return {};
}

const pool_config& any_pool::config() const noexcept {
  return impl_->config;
}

// Without the clock, a look at the limits or another call: on this path each of
// them shows.
[[gnu::always_inline]] inline result<lease> any_pool::acquire_on(
  bounds what, const acquire_options& options, const std::source_location& at) {
  if (!impl_->ref)
    return impl_->ref.error();
  if (is_plain(options)) [[likely]]
    if (auto held = impl_->estate().front().try_take(
          holder::here(options.label, at))) [[likely]]
      return lease{held};
  return acquire_slowly(what, options, at);
}

result<lease> any_pool::acquire_slowly(bounds what,
                                       const acquire_options& options,
                                       const std::source_location& at) {
  auto now = clock::now();
  auto how = options.starting(now);
  auto until = end_of_wait(how, impl_->config.acquire_timeout, now);
  auto who = holder::here(options.label, at);
  if (is_plain(options) && until - now > longest_search
      && lends(impl_->config)) {
    auto& front = impl_->estate().front();
    if (auto held = front.try_take(who, impl_->config.fast_lane_tries))
      return lease{held};
  }
  how.wait_until = until;
  if (what == bounds::waiting)
    how.deadline.reset();
  how.holder = to_string(who);
  return queue(how, who);
}

result<lease> any_pool::acquire(const acquire_options& options,
                                const std::source_location& at) {
  return acquire_on(bounds::waiting, options, at);
}

result<lease> any_pool::acquire(duration wait, const std::source_location& at) {
  auto options = acquire_options{};
  options.wait = wait;
  return acquire(options, at);
}

result<lease> any_pool::try_acquire(const std::source_location& at) {
  if (!impl_->ref)
    return impl_->ref.error();
  auto who = holder::here(nullptr, at);
  if (auto held = impl_->estate().front().try_take(who, 1))
    return lease{held};
  auto how = call_options{};
  how.wait_until = add_saturated(clock::now(), impl_->config.acquire_timeout);
  how.only_if_free = true;
  how.holder = to_string(who);
  return queue(how, who);
}

result<lease> any_pool::queue(const call_options& how, const holder& who) {
  auto& port = impl_->estate();
  auto until = *how.wait_until;
  for (;;) {
    auto id = port.next_ticket();
    auto [mine, theirs] = make_waiter();
    port.queue({id, how}, std::move(theirs), who);
    auto answer
      = mine.wait_until(add_saturated(until, last_word), answer_spins);
    if (!answer) {
      port.withdraw(id);
      return late(impl_->config.name);
    }
    if (*answer)
      return lease{**answer};
    if (answer->error().code != errc::restarted || clock::now() >= until)
      return with_warning(answer->error(), port.front());
    // The wish died with the pool's actor; its successor is on the way.
    std::this_thread::sleep_for(restart_pause);
  }
}

void any_pool::acquire_async(acquire_handler handler,
                             const acquire_options& options,
                             const std::source_location& at) {
  if (!impl_->ref) {
    handler(impl_->ref.error());
    return;
  }
  auto& port = impl_->estate();
  auto call = std::make_shared<async_wish>();
  auto& how = call->wish.how;
  auto now = clock::now();
  how = options.starting(now);
  how.wait_until = end_of_wait(how, impl_->config.acquire_timeout, now);
  how.deadline.reset();
  how.holder = to_string(holder::here(options.label, at));
  call->wish.caller = port.next_ticket();
  call->handler = std::move(handler);
  call->pool = *impl_->ref;
  // Its thread goes on; who will hold the lease is not known.
  port.queue(call->wish, call->answer(), holder{});
}

template <class F>
std::invoke_result_t<F, lease&, time_point> any_pool::with_lease(
  const acquire_options& options, const std::source_location& at, F&& f) {
  auto end = end_of(options);
  auto held = acquire_on(bounds::whole_call, options, at);
  if (!held)
    return held.error();
  auto deadline = options.limit ? end : held->deadline_of({});
  return f(*held, deadline);
}

result<sql_result> any_pool::execute(const sql_statement& what,
                                     const acquire_options& options,
                                     const std::source_location& at) {
  return with_lease(options, at, [&](lease& held, time_point deadline) {
    return held.pooled().execute_alone(what, deadline);
  });
}

result<sql_result> any_pool::execute(
  std::string sql, std::initializer_list<sql_parameter> parameters,
  const std::source_location& at) {
  return execute(sql_statement{std::move(sql), parameters}, {}, at);
}

result<outcome> any_pool::run(const work& what, const acquire_options& options,
                              const std::source_location& at) {
  auto again = false;
  auto end = never;
  auto first = with_lease(options, at, [&](lease& held, time_point deadline) {
    end = deadline;
    auto& on = held.pooled();
    auto until = end_of_first_try(*on.object, what, clock::now(), deadline);
    auto done = on.run(what, false, until);
    again = !done
            && has_second_try(*on.object, what, done.error().code, clock::now(),
                              deadline);
    return done;
  });
  if (!again)
    return first;
  auto rest = options;
  rest.limit = left_until(end, clock::now());
  return with_lease(rest, at, [&](lease& held, time_point deadline) {
    return held.pooled().run(what, false, deadline);
  });
}

result<void> any_pool::transaction(
  const std::function<result<void>(lease&)>& work,
  const acquire_options& options, const std::source_location& at) {
  auto end = end_of(options);
  auto held = acquire_on(bounds::whole_call, options, at);
  if (!held)
    return held.error();
  return held->commit_all_of(work, end);
}

result<pool_snapshot> any_pool::snapshot(duration limit) const {
  return impl_->ask_pool<pool_snapshot>(limit, get_snapshot{});
}

result<void> any_pool::warm_up(duration limit) {
  auto deadline = add_saturated(clock::now(), limit);
  for (;;) {
    auto now = snapshot(listening_time(deadline));
    if (!now)
      return now.error();
    auto usable = now->gauges.idle + now->gauges.leased;
    if (usable >= impl_->config.min_size)
      return {};
    if (clock::now() >= deadline)
      return error{errc::open_timeout,
                   std::to_string(usable) + " of "
                     + std::to_string(impl_->config.min_size)
                     + " connections are open; last failure: "
                     + to_string(now->last_error),
                   {}};
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

result<void> any_pool::drain(duration limit) {
  if (!impl_->ref)
    return impl_->ref.error();
  auto deadline = add_saturated(clock::now(), limit);
  for (;;) {
    auto left = time_left(deadline);
    auto last = impl_->config.close_timeout + std::chrono::seconds{2};
    auto answer
      = impl_->ask_pool<accepted>(std::min(left, longest_question) + last,
                                  control{control::verb::drain, left});
    if (answer || answer.error().code == errc::closed
        || impl_->estate().front().closed())
      return {};
    if (answer.error().code != errc::restarted || left == duration::zero())
      return answer.error();
    // Its actor died in the middle of it, or the pool is just gone.
    std::this_thread::sleep_for(restart_pause);
  }
}

const pool_ref& any_pool::actors() const {
  return impl_->ref.value();
}

} // namespace caf_pool
