#include "caf_pool/remote/answers.hpp"

#include "caf_pool/remote/link.hpp"

#include <caf/mailbox_element.hpp>

namespace caf_pool {

bool settle_early(remote_link& link, const caf::mailbox_element& x) {
  // Others must not touch the link's lock: it may be held while they are sent.
  if (!x.sender || !x.mid.is_async())
    return false;
  auto& content = x.content();
  if (!content.match_elements<wire::answer>())
    return false;
  auto& answer = content.get_as<wire::answer>(0);
  // One that comes in parts is put together by the connector.
  return answer.to_follow == 0
         && link.settle_early(x.sender, answer, clock::now());
}

} // namespace caf_pool
