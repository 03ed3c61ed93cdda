#include "caf_pool/config/toml_text.hpp"

#include "caf_pool/core/ascii.hpp"
#include "caf_pool/core/hex_digit.hpp"

#include <algorithm>
#include <cstddef>

namespace caf_pool::detail {

namespace {

constexpr std::size_t columns = 80;

} // namespace

std::string quote_toml(std::string_view text) {
  std::string str = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      str += '\\';
      str += c;
    } else if (is_control(c)) {
      str += "\\u00";
      append_hex(str, byte);
    } else {
      str += c;
    }
  }
  return str + '"';
}

std::string comment(std::string_view sentence, std::string_view mark) {
  std::string str;
  auto width = columns;
  while (!sentence.empty()) {
    auto word = sentence.substr(0, sentence.find(' '));
    sentence.remove_prefix(std::min(word.size() + 1, sentence.size()));
    if (width + 1 + word.size() > columns) {
      str += str.empty() ? "" : "\n";
      str += mark;
      width = mark.size();
    }
    str += ' ';
    str += word;
    width += 1 + word.size();
  }
  return str + '\n';
}

} // namespace caf_pool::detail
