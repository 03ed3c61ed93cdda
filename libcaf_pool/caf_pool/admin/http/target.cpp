#include "caf_pool/admin/http/target.hpp"

#include "caf_pool/core/ascii.hpp"
#include "caf_pool/core/percent.hpp"

#include <algorithm>

namespace caf_pool {

bool request_target::has_flag(std::string_view name) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    auto part = rest.substr(0, rest.find('&'));
    rest.remove_prefix(part.size() < rest.size() ? part.size() + 1
                                                 : part.size());
    if (part.substr(0, part.find('=')) != name)
      continue;
    auto value = part.substr(name.size());
    return value != "=0" && value != "=false";
  }
  return false;
}

std::optional<request_target> parse_target(std::string_view str) {
  if (!str.starts_with('/'))
    return std::nullopt;
  str = str.substr(0, str.find('#'));
  auto question = str.find('?');
  auto path = percent_decoded(str.substr(0, question));
  if (!path || std::any_of(path->begin(), path->end(), is_control))
    return std::nullopt;
  request_target result;
  result.path = *std::move(path);
  if (question != str.npos)
    result.query = str.substr(question + 1);
  return result;
}

} // namespace caf_pool
