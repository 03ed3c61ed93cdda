#pragma once

#include "caf_pool/caf/caf_compat.hpp"
#include "caf_pool/caf/send_in_name_of.hpp"
#include "caf_pool/core/result.hpp"

#include <atomic>
#include <memory>
#include <utility>

namespace caf_pool {

/// The answer to a request, given once by whoever has it first. A promise of
/// CAF's belongs to its actor's thread; this one is kept from any thread, so
/// that a worker can answer without waking the actor that gave it the work.
///
/// ~~~
/// auto reply = late_reply<answer>::to_request_of(this);
/// ...                                              // on any thread, later
/// reply->keep([&] { return result<answer>{std::move(found)}; });
/// ~~~
///
/// Does not keep the asking actor alive. Nobody is told of an answer that never
/// comes.
///
/// Thread-safety: any thread.
template <class T>
class late_reply {
public:
  /// To the request that an actor is just handling. Its handler returns
  /// `caf::delegated<T>`.
  template <class Self>
  static std::shared_ptr<late_reply> to_request_of(Self* self) {
    return std::make_shared<late_reply>(
      caf::actor_cast<caf::actor_addr>(self->current_sender()),
      self->current_mailbox_element()->mid.response_id());
  }

  late_reply(caf::actor_addr to, caf::message_id id)
    : to_(std::move(to)), id_(id) {
    // nop
  }

  /// Sends what `make`, which returns a `result<T>`, has to say. The second
  /// call and all later ones do nothing, not even call it.
  template <class F>
  void keep(F make) {
    if (kept_.exchange(true))
      return;
    auto receiver = caf::actor_cast<caf::strong_actor_ptr>(to_);
    if (!receiver)
      return;
    auto x = make();
    if (x)
      enqueue_as(nullptr, receiver, id_, *std::move(x));
    else
      enqueue_as(nullptr, receiver, id_, to_caf(x.error()));
  }

  void fail(const error& why) {
    keep([&why]() -> result<T> { return why; });
  }

private:
  caf::actor_addr to_;
  caf::message_id id_;
  std::atomic<bool> kept_{false};
};

} // namespace caf_pool
