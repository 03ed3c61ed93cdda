#include "command_words.hpp"

#include "caf_pool/core/ascii.hpp"
#include "caf_pool/core/hex_digit.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace caf_pool::ctl {

namespace {

/// Takes what stands behind a backslash in double quotes.
char take_escape(std::string_view& rest) {
  auto c = rest.front();
  rest.remove_prefix(1);
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'x':
      if (rest.size() >= 2 && hex_digit(rest[0]) >= 0
          && hex_digit(rest[1]) >= 0) {
        auto byte = hex_digit(rest[0]) * 16 + hex_digit(rest[1]);
        rest.remove_prefix(2);
        return static_cast<char>(byte);
      }
      return c;
    default:
      return c;
  }
}

/// Takes what stands in quotes, the first of which is taken already; none if
/// they do not end.
std::optional<std::string> take_quoted(std::string_view& rest, char quote) {
  auto result = std::string{};
  while (!rest.empty()) {
    auto c = rest.front();
    rest.remove_prefix(1);
    if (c == quote)
      return result;
    if (c == '\\' && quote == '"' && !rest.empty())
      c = take_escape(rest);
    result += c;
  }
  return std::nullopt;
}

std::optional<std::string> take_word(std::string_view& rest) {
  auto result = std::string{};
  while (!rest.empty() && !is_blank(rest.front())) {
    auto c = rest.front();
    rest.remove_prefix(1);
    if (c != '"' && c != '\'') {
      result += c;
      continue;
    }
    auto quoted = take_quoted(rest, c);
    if (!quoted)
      return std::nullopt;
    result += *quoted;
  }
  return result;
}

void skip_blanks(std::string_view& rest) {
  auto end = std::find_if_not(rest.begin(), rest.end(), is_blank);
  rest.remove_prefix(static_cast<std::size_t>(end - rest.begin()));
}

} // namespace

result<redis_command> parse_command(std::string_view text) {
  auto command = redis_command{};
  for (skip_blanks(text); !text.empty(); skip_blanks(text)) {
    auto word = take_word(text);
    if (!word)
      return error{errc::invalid_argument,
                   "a quote in the command does not end; write \\\" for one "
                   "inside double quotes",
                   {}};
    command.add(std::string_view{*word});
  }
  if (command.empty())
    return error{errc::invalid_argument,
                 "the command is empty; write for example \"GET key\"",
                 {}};
  return command;
}

} // namespace caf_pool::ctl
