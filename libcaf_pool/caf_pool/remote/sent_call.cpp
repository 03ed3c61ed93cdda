#include "caf_pool/remote/sent_call.hpp"

#include "caf_pool/protocol/codec.hpp"
#include "caf_pool/remote/link.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace caf_pool {

namespace {

duration time_for(const std::optional<time_point>& end, duration otherwise,
                  time_point now) {
  return end ? left_until(*end, now) : otherwise;
}

wire::call about(wire::subject what, const std::string& target,
                 duration limit) {
  auto result = wire::call{};
  result.what = static_cast<std::uint8_t>(what);
  result.target = target;
  result.limit_us = wire::to_us(limit);
  return result;
}

} // namespace

sent_call ask_about(wire::subject what, const std::string& pool,
                    duration limit) {
  return {call_kind::question, about(what, pool, limit), limit};
}

sent_call ask_for_lease(const remote_link& link, const std::string& pool,
                        call_options how, duration limit) {
  auto now = clock::now();
  auto wait = time_for(how.wait_until, limit, now);
  wait = std::min(wait, time_for(how.deadline, wait, now));
  auto travel = link.travel_limit(wait);
  how.wait_until = add_saturated(now, travel);
  auto message = about(wire::subject::acquire, pool, travel);
  message.payload = wire::encode_order(how, {}, now);
  return {call_kind::acquire, std::move(message), wait};
}

sent_call ask_for_work(const remote_link& link, bool on_lease,
                       const std::string& target, const work& what,
                       call_options how, duration limit) {
  auto now = clock::now();
  auto all = time_for(how.deadline, limit, now);
  auto travel = link.travel_limit(all);
  how.deadline = add_saturated(now, travel);
  how.allowed = all;
  auto subject = on_lease ? wire::subject::execute_on : wire::subject::execute;
  auto message = about(subject, target, travel);
  message.payload = wire::encode_order(how, what, now);
  return {call_kind::execute, std::move(message), all};
}

sent_call ask_to_operate(const std::string& pool, verb what, duration most,
                         duration limit) {
  auto message = about(wire::subject::control, pool, most);
  message.payload = wire::encode(wire::operation{what, most});
  return {call_kind::question, std::move(message),
          wire::bounded(limit) + wire::bounded(most)};
}

} // namespace caf_pool
