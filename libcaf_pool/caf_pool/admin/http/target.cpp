#include "caf_pool/admin/http/target.hpp"

#include "caf_pool/core/ascii.hpp"
#include "caf_pool/core/hex_digit.hpp"

namespace caf_pool {

namespace {

// Replaces %-sequences.
std::optional<std::string> decode(std::string_view str) {
  std::string result;
  for (std::size_t i = 0; i < str.size(); ++i) {
    auto c = str[i];
    if (c == '%') {
      if (i + 2 >= str.size())
        return std::nullopt;
      auto high = hex_digit(str[i + 1]);
      auto low = hex_digit(str[i + 2]);
      if (high < 0 || low < 0)
        return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (is_control(c))
      return std::nullopt;
    result += c;
  }
  return result;
}

} // namespace

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
  auto path = decode(str.substr(0, question));
  if (!path)
    return std::nullopt;
  request_target result;
  result.path = *std::move(path);
  if (question != str.npos)
    result.query = str.substr(question + 1);
  return result;
}

} // namespace caf_pool
