#include "caf_pool/remote/waiting_call.hpp"

#include "caf_pool/core/duration_text.hpp"

namespace caf_pool {

error no_answer_in_time(call_kind kind, duration limit) {
  auto text = "the node did not answer within " + to_rough_text(limit);
  switch (kind) {
    case call_kind::question:
      return {errc::node_unreachable, text, {}};
    case call_kind::acquire:
      return {errc::acquire_timeout, text + "; the request was withdrawn", {}};
    case call_kind::execute:
      break;
  }
  return {errc::outcome_unknown,
          text
            + "; a cancel was sent, but it may or may not have taken effect: "
              "look before you repeat it",
          {}};
}

error nothing_sent(call_kind kind) {
  auto text = "the limit had passed when the call began; nothing was sent";
  switch (kind) {
    case call_kind::question:
      return {errc::node_unreachable, text, {}};
    case call_kind::acquire:
      return {errc::acquire_timeout, text, {}};
    case call_kind::execute:
      break;
  }
  return {errc::execute_timeout, text, {}};
}

remote_reply call_and_wait(remote_link& link, sent_call x) {
  if (x.limit <= duration::zero())
    return {nothing_sent(x.kind), {}, nullptr, {}};
  auto now = clock::now();
  auto waiter = std::make_shared<waiting_call>();
  auto handler = [waiter](remote_reply y) { waiter->deliver(std::move(y)); };
  auto sent = link.call(std::move(x.message),
                        {x.kind, now, never, std::move(handler), true});
  if (!sent)
    return {sent.error(), {}, nullptr, {}};
  // If it cannot be withdrawn, the answer is just being delivered.
  if (!waiter->wait_until(add_saturated(now, x.limit)) && link.withdraw(*sent))
    return {no_answer_in_time(x.kind, x.limit), {}, nullptr, {}};
  return waiter->take();
}

} // namespace caf_pool
