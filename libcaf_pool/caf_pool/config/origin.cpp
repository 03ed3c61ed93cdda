#include "caf_pool/config/origin.hpp"

namespace caf_pool::detail {

std::string to_string(const origin& x) {
  auto str = x.source;
  if (x.line != 0)
    str += ':' + std::to_string(x.line);
  return str;
}

std::string place_of(const origin& x) {
  auto str = to_string(x);
  if (x.line != 0)
    str += ':' + std::to_string(x.column);
  return str;
}

} // namespace caf_pool::detail
