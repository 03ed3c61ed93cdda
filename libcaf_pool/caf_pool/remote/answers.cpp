#include "caf_pool/remote/answers.hpp"

#include "caf_pool/remote/link.hpp"

#include <caf/mailbox_element.hpp>

namespace caf_pool {

namespace {

template <class Answer>
const Answer* get_if(const caf::mailbox_element& x) {
  auto& content = x.content();
  if (!content.template match_elements<Answer>())
    return nullptr;
  return &content.template get_as<Answer>(0);
}

template <class Answer>
bool settle_as(remote_link& link, const caf::mailbox_element& x) {
  auto answer = get_if<Answer>(x);
  return answer
         && link.settle_early(x.sender, answer->request, clock::now(),
                              [answer] { return to_reply(*answer); });
}

} // namespace

remote_reply to_reply(const wire::done&) {
  return {};
}

remote_reply to_reply(const wire::answer& x) {
  return {{}, x.payload, nullptr, {}};
}

remote_reply to_reply(const wire::failed& x) {
  return {wire::to_error(x), {}, nullptr, {}};
}

bool settle_early(remote_link& link, const caf::mailbox_element& x) {
  // Others must not touch the link's lock: it may be held while they are sent.
  if (!x.sender || !x.mid.is_async())
    return false;
  if (auto grant = get_if<wire::granted>(x))
    return link.settle_grant_early(x.sender, *grant, clock::now());
  // One that comes in parts is put together by the connector.
  if (auto answer = get_if<wire::answer>(x); answer && answer->to_follow > 0)
    return false;
  return settle_as<wire::answer>(link, x) || settle_as<wire::done>(link, x)
         || settle_as<wire::failed>(link, x);
}

} // namespace caf_pool
