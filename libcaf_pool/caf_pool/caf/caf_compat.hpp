#pragma once

// The one place that knows CAF 0.17 from CAF 1.x. Everything above it is
// written once: messages are structs, interfaces are `actor_of<R(A...), ...>`,
// and sending goes through the free functions below.
//
// CAF 1.1.0 defines CAF_VERSION as an octal number, so only the existence of
// CAF_VERSION_MAJOR (since 0.18) tells the two apart.

#include "caf_pool/core/error.hpp"

#include <caf/all.hpp>
#include <caf/is_actor_handle.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#ifdef CAF_VERSION_MAJOR
#  define CAF_POOL_CAF_1 1
#else
#  define CAF_POOL_CAF_1 0
#endif

// -- the code of an error as CAF 1.x wants it; 0.17 has a category with a name

#if CAF_POOL_CAF_1
#  include <caf/is_error_code_enum.hpp>

namespace caf_pool {

inline bool from_string(std::string_view str, errc& x) {
  auto parsed = errc_from_string(str);
  if (parsed)
    x = *parsed;
  return parsed.has_value();
}

inline bool from_integer(std::uint8_t value, errc& x) {
  if (value > static_cast<std::uint8_t>(last_errc))
    return false;
  x = static_cast<errc>(value);
  return true;
}

template <class Inspector>
bool inspect(Inspector& f, errc& x) {
  auto get = [&x] { return static_cast<std::uint8_t>(x); };
  auto set = [&x](std::uint8_t value) { return from_integer(value, x); };
  return f.apply(get, set);
}

} // namespace caf_pool

CAF_BEGIN_TYPE_ID_BLOCK(caf_pool_errors, caf::first_custom_type_id + 90)
CAF_ADD_TYPE_ID(caf_pool_errors, (caf_pool::errc))
CAF_END_TYPE_ID_BLOCK(caf_pool_errors)

CAF_ERROR_CODE_ENUM(caf_pool::errc)
#endif

// Messages that stay inside one process. CAF 1.x wants a number for each, and
// `prepare_caf` for the block; 0.17 knows them by their C++ type.
#if CAF_POOL_CAF_1
#  define CAF_POOL_BEGIN_MESSAGES(block, first)                                \
    CAF_BEGIN_TYPE_ID_BLOCK(block, caf::first_custom_type_id + (first))
#  define CAF_POOL_MESSAGE(block, type)                                        \
    CAF_ADD_TYPE_ID(block, (type))                                             \
    CAF_ALLOW_UNSAFE_MESSAGE_TYPE(type)
#  define CAF_POOL_HANDLE(block, type) CAF_ADD_TYPE_ID(block, (type))
#  define CAF_POOL_END_MESSAGES(block) CAF_END_TYPE_ID_BLOCK(block)
#else
#  define CAF_POOL_BEGIN_MESSAGES(block, first)                                \
    namespace caf::id_block {                                                  \
    struct block {};                                                           \
    }
#  define CAF_POOL_MESSAGE(block, type) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(type)
#  define CAF_POOL_HANDLE(block, type) static_assert(true);
#  define CAF_POOL_END_MESSAGES(block) static_assert(true);
#endif

namespace caf_pool {

// -- inspection ---------------------------------------------------------------

/// What a member of a message may be. CAF 0.17.6 does not bring every value of
/// other types to the other side; our codec does, in a string of bytes.
template <class T>
concept message_value
  = std::disjunction_v<std::is_integral<T>, std::is_same<T, std::string>,
                       caf::is_actor_handle<T>>;

/// A named member of a message.
template <class T>
struct message_field {
  static_assert(message_value<std::remove_cv_t<T>>,
                "a message carries integers, texts and actors; let the codec "
                "write anything else into a text");
  const char* name;
  T& ref;
};

template <class T>
message_field<T> field(const char* name, T& ref) {
  return {name, ref};
}

/// Shows the members of a message to CAF.
template <class Inspector, class T, class... Fs>
auto inspect_fields(Inspector& f, [[maybe_unused]] T& x, const char* name,
                    message_field<Fs>... fs) {
#if CAF_POOL_CAF_1
  return f.object(x).pretty_name(name).fields(f.field(fs.name, fs.ref)...);
#else
  return f(caf::meta::type_name(name), fs.ref...);
#endif
}

// -- interfaces ---------------------------------------------------------------

namespace detail {

template <class Signature>
struct signature;

template <class R, class... Args>
struct signature<R(Args...)> {
#if CAF_POOL_CAF_1
  using type = caf::result<R>(Args...);
#else
  using type = typename caf::replies_to<Args...>::template with<R>;
#endif
};

} // namespace detail

/// A typed handle: `actor_of<reply(question), void(note)>`.
template <class... Signatures>
using actor_of
  = caf::typed_actor<typename detail::signature<Signatures>::type...>;

/// The same interface plus more.
template <class Handle, class... Signatures>
using actor_with = typename Handle::template extend<
  typename detail::signature<Signatures>::type...>;

// -- sending ------------------------------------------------------------------

template <class Self, class Handle, class... Ts>
void send_to(Self* self, const Handle& dst, Ts&&... xs) {
#if CAF_POOL_CAF_1
  self->mail(std::forward<Ts>(xs)...).send(dst);
#else
  self->send(dst, std::forward<Ts>(xs)...);
#endif
}

/// Sends without a sender, from any thread.
template <class Handle, class... Ts>
void post_to(const Handle& dst, Ts&&... xs) {
#if CAF_POOL_CAF_1
  caf::anon_mail(std::forward<Ts>(xs)...).send(dst);
#else
  caf::anon_send(dst, std::forward<Ts>(xs)...);
#endif
}

/// Sends later. There is no way to cancel that on 0.17: put a number into the
/// message and ignore outdated ones.
template <class Self, class Handle, class... Ts>
void send_later(Self* self, const Handle& dst, caf::timespan delay,
                Ts&&... xs) {
#if CAF_POOL_CAF_1
  self->mail(std::forward<Ts>(xs)...).delay(delay).send(dst);
#else
  self->delayed_send(dst, delay, std::forward<Ts>(xs)...);
#endif
}

/// Asks; go on with `.then(f, on_error)`, or `.receive` on a blocking actor.
/// Without a timeout if `limit` is `caf::infinite`: on 0.17 a timeout is never
/// cancelled and costs 200 bytes until it passes.
template <class Self, class Handle, class Timeout, class... Ts>
auto ask(Self* self, const Handle& dst, Timeout limit, Ts&&... xs) {
#if CAF_POOL_CAF_1
  return self->mail(std::forward<Ts>(xs)...).request(dst, limit);
#else
  return self->request(dst, limit, std::forward<Ts>(xs)...);
#endif
}

/// What runs an actor that a message makes ready.
#if CAF_POOL_CAF_1
using message_host = caf::scheduler;
#else
using message_host = caf::execution_unit;
#endif

/// An actor that is shown what comes before it enters the mailbox, on the
/// thread that brings it: what needs no state of the actor is done, or passed
/// on, without waking it.
template <class Base>
class early_receiver : public Base {
public:
  using Base::Base;
  using Base::enqueue;

#if CAF_POOL_CAF_1
  bool enqueue(caf::mailbox_element_ptr x, message_host* where) override {
    return receive_early(x, where) || Base::enqueue(std::move(x), where);
  }
#else
  void enqueue(caf::mailbox_element_ptr x, message_host* where) override {
    if (!receive_early(x, where))
      Base::enqueue(std::move(x), where);
  }
#endif

protected:
  /// Returns whether nothing is left to do; may take the message then, and have
  /// another actor enqueue it, whose answer goes straight to whoever asked.
  /// Runs on any thread, also beside handlers of the actor, and with locks of
  /// CAF held: must neither block nor call what is not its own.
  virtual bool receive_early(caf::mailbox_element_ptr& x, message_host* where)
    = 0;
};

/// Tells whether a message is a request or a note of one of these types, and
/// not an answer.
template <class... Ts>
bool is_message_of(const caf::mailbox_element& x) {
  auto& content = x.content();
  return !x.mid.is_response() && (content.template match_elements<Ts>() || ...);
}

// -- life and death -----------------------------------------------------------

/// Calls `f(const caf::actor_addr&, const caf::error&)` when `who` ends. 0.17
/// has one handler per actor: pass the same `f` each time, with a const call
/// operator.
template <class Self, class Handle, class F>
void watch_actor(Self* self, const Handle& who, F f) {
#if CAF_POOL_CAF_1
  auto addr = caf::actor_cast<caf::actor_addr>(who);
  self->monitor(who, [addr, f](const caf::error& why) { f(addr, why); });
#else
  self->set_down_handler([f](caf::down_msg& x) { f(x.source, x.reason); });
  self->monitor(who);
#endif
}

/// Ends `watch_actor`. A watcher that ends without it leaks about 1 KB at the
/// watched actor.
template <class Self, class Handle>
void unwatch_actor(Self* self, const Handle& who) {
  self->demonitor(caf::actor_cast<caf::actor_addr>(who));
}

/// Drops messages that the actor has no handler for, instead of printing them.
template <class Self>
void drop_unexpected(Self* self) {
  self->set_default_handler(caf::drop);
}

// -- configuration ------------------------------------------------------------

template <class T>
void set_option(caf::actor_system_config& cfg, std::string key, T value) {
#if CAF_POOL_CAF_1
  key.insert(0, "caf.");
#endif
  cfg.set(key, std::move(value));
}

/// The default policy starves actors; `sharing` is first come, first served.
inline void set_fair_scheduler(caf::actor_system_config& cfg,
                               std::size_t threads) {
#if CAF_POOL_CAF_1
  cfg.set("caf.scheduler.policy", std::string{"sharing"});
#else
  cfg.set("scheduler.policy", caf::atom("sharing"));
#endif
  set_option(cfg, "scheduler.max-threads", threads);
}

template <class IdBlock>
void register_messages([[maybe_unused]] caf::actor_system_config& cfg) {
#if !CAF_POOL_CAF_1
  cfg.add_message_types<IdBlock>();
#endif
}

/// Must run before the first actor system is configured; may run repeatedly.
template <class... IdBlocks>
void prepare_caf() {
#if CAF_POOL_CAF_1
  [[maybe_unused]] static const bool once = [] {
    caf::init_global_meta_objects<caf::id_block::caf_pool_errors>();
    (caf::init_global_meta_objects<IdBlocks>(), ...);
    caf::core::init_global_meta_objects();
    return true;
  }();
#endif
}

// -- errors -------------------------------------------------------------------

namespace detail {

/// Makes CAF's error from code, text and state.
caf::error make_caf_error(errc code, std::string text, std::string state);

/// Reads one that `make_caf_error` made; `none` if it is somebody else's.
error read_caf_error(const caf::error& x);

} // namespace detail

/// Wraps an error for a reply. Code, text and state survive the way to another
/// process.
inline caf::error to_caf(const error& x) {
  return detail::make_caf_error(x.code, x.message, x.state);
}

/// Unwraps what `to_caf` wrapped. Errors of CAF itself become `restarted` (the
/// receiver is gone, nothing was done), `node_unreachable` or `internal`.
error from_caf(const caf::error& x);

} // namespace caf_pool
