#pragma once

#include "caf_pool/caf/caf_compat.hpp"

#include <utility>

namespace caf_pool {

/// Puts a message into an actor's mailbox, from any thread. Nothing checks
/// whether the receiver understands it.
template <class Message>
void enqueue_as(const caf::strong_actor_ptr& sender,
                const caf::strong_actor_ptr& receiver, caf::message_id id,
                Message x) {
  // CAF 0.17 has a list of stages in between.
  if constexpr (requires { caf::make_mailbox_element(sender, id, x); })
    receiver->enqueue(caf::make_mailbox_element(sender, id, std::move(x)),
                      nullptr);
  else
    receiver->enqueue(caf::make_mailbox_element(sender, id, {}, std::move(x)),
                      nullptr);
}

/// Sends in the name of an actor, from any thread.
template <class Message>
void send_in_name_of(const caf::strong_actor_ptr& sender,
                     const caf::strong_actor_ptr& receiver, Message x) {
  enqueue_as(sender, receiver, caf::make_message_id(), std::move(x));
}

} // namespace caf_pool
