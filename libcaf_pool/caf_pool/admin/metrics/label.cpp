#include "caf_pool/admin/metrics/label.hpp"

#include "caf_pool/core/ascii.hpp"
#include "caf_pool/core/utf8.hpp"

#include <cstddef>

namespace caf_pool {

std::string clean_label(std::string_view str) {
  std::string result;
  while (!str.empty()) {
    auto size = utf8_length(str, 0);
    if (size == 0)
      result += '?';
    else if (is_control(str.front()))
      result += ' ';
    else
      result += str.substr(0, size);
    str.remove_prefix(size == 0 ? 1 : size);
  }
  return result;
}

} // namespace caf_pool
