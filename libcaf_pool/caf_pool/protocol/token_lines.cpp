#include "caf_pool/protocol/token_lines.hpp"

#include "caf_pool/core/ascii.hpp"
#include "caf_pool/core/hex_digit.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace caf_pool {

namespace {

constexpr std::string_view hash_prefix = "sha256:";
constexpr std::size_t hash_digits = 64;
constexpr std::array<std::string_view, 3> role_names{"read", "use", "operate"};

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  std::vector<std::string_view> result;
  line = line.substr(0, line.find('#'));
  for (;;) {
    auto first = line.find_first_not_of(blanks);
    if (first == line.npos)
      return result;
    line.remove_prefix(first);
    auto end = line.find_first_of(blanks);
    result.push_back(line.substr(0, end));
    if (end == line.npos)
      return result;
    line.remove_prefix(end);
  }
}

// Whoever mixes up the columns writes a token here, which is not shown.
std::string no_role(std::string_view word) {
  auto text = word.size() < min_token_length
                ? '"' + without_controls(word) + '"'
                : std::string{"the second word"};
  return text + " is no role; there are read, use and operate";
}

// Reads a token, or the hash that stands in its place. Returns what is wrong.
std::string read_token(std::string_view word, token_line& out) {
  out.hashed = word.starts_with(hash_prefix);
  out.token = out.hashed ? word.substr(hash_prefix.size()) : word;
  if (!out.hashed && word.size() < min_token_length)
    return "a token has " + std::to_string(min_token_length)
           + " characters at least";
  if (out.hashed
      && (out.token.size() != hash_digits
          || !std::all_of(out.token.begin(), out.token.end(),
                          [](char c) { return hex_digit(c) >= 0; })))
    return "after \"sha256:\" there have to be 64 hexadecimal digits";
  return {};
}

} // namespace

std::string_view to_string(role x) noexcept {
  return role_names[static_cast<std::size_t>(x) - 1];
}

std::optional<role> role_from_string(std::string_view str) noexcept {
  for (std::size_t i = 0; i < role_names.size(); ++i)
    if (role_names[i] == str)
      return static_cast<role>(i + 1);
  return std::nullopt;
}

result<std::vector<token_line>> parse_token_lines(std::string_view text,
                                                  std::string_view path) {
  std::vector<token_line> result;
  std::string problems;
  std::uint32_t number = 0;
  auto complain = [&](const std::string& what) {
    problems += (problems.empty() ? "" : "\n") + std::string{path} + ':'
                + std::to_string(number) + ": " + what;
  };
  while (!text.empty()) {
    ++number;
    auto end = text.find('\n');
    auto words = words_of(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (words.empty())
      continue;
    if (words.size() != 3) {
      complain("expected name, role and token");
      continue;
    }
    auto may = role_from_string(words[1]);
    if (!may)
      complain(no_role(words[1]));
    auto& line = result.emplace_back();
    line.name = words[0];
    line.may = may.value_or(role::read);
    line.number = number;
    if (auto why = read_token(words[2], line); !why.empty())
      complain(why);
  }
  if (!problems.empty())
    return error{errc::config_invalid, std::move(problems), {}};
  return result;
}

} // namespace caf_pool
