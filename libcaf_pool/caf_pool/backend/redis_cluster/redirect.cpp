#include "caf_pool/backend/redis_cluster/redirect.hpp"

#include "caf_pool/core/parse_number.hpp"


namespace caf_pool::cluster {

namespace {

/// Takes the text up to the next blank, and the blank.
std::string_view take_word(std::string_view& from) {
  auto blank = from.find(' ');
  auto result = from.substr(0, blank);
  from.remove_prefix(blank == from.npos ? from.size() : blank + 1);
  return result;
}

/// Reads what follows MOVED or ASK.
redirect read_target(redirect::kind what, std::string_view rest,
                     const node_address& from) {
  auto slot = parse_number<slot_number>(take_word(rest));
  auto address = take_word(rest);
  if (!slot || *slot >= slot_count || address.empty() || !rest.empty())
    return {};
  return {what, *slot, address_from_node(address, from.host)};
}

} // namespace

redirect read_redirect(std::string_view reply, const node_address& from) {
  using kind = redirect::kind;
  auto rest = reply;
  auto word = take_word(rest);
  if (word == "MOVED")
    return read_target(kind::moved, rest, from);
  if (word == "ASK")
    return read_target(kind::ask, rest, from);
  if (word == "TRYAGAIN")
    return {kind::try_again, 0, std::nullopt};
  if (word == "CLUSTERDOWN")
    return {rest.starts_with("Hash slot not served") ? kind::unserved
                                                     : kind::cluster_down,
            0, std::nullopt};
  return {};
}

redirect read_redirect(const result<redis_value>& reply,
                       const node_address& from) {
  if (reply || reply.error().state.empty())
    return {};
  auto& why = reply.error();
  auto text = std::string_view{why.message};
  if (!text.starts_with(why.state))
    return {};
  return read_redirect(text.substr(0, text.find(';')), from);
}

} // namespace caf_pool::cluster
