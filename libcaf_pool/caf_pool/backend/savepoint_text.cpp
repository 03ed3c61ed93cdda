#include "caf_pool/backend/savepoint_text.hpp"

#include <algorithm>
#include <cstddef>

namespace caf_pool {

namespace {

/// Returns the length of the comment at the front, which may hold others;
/// everything if it has no end.
std::size_t comment_length(std::string_view sql) noexcept {
  if (sql.starts_with("--"))
    return std::min(sql.find('\n'), sql.size());
  std::size_t depth = 0;
  for (std::size_t i = 0; i + 1 < sql.size();) {
    auto two = sql.substr(i, 2);
    if (two != "/*" && two != "*/") {
      ++i;
      continue;
    }
    depth = two == "/*" ? depth + 1 : depth - 1;
    i += 2;
    if (depth == 0)
      return i;
  }
  return sql.size();
}

/// Takes the next word off the front; empty if something else comes.
std::string_view next_word(std::string_view& sql) noexcept {
  for (;;) {
    auto blanks = sql.find_first_not_of(" \t\r\n\f\v");
    sql.remove_prefix(std::min(blanks, sql.size()));
    if (!sql.starts_with("--") && !sql.starts_with("/*"))
      break;
    sql.remove_prefix(comment_length(sql));
  }
  auto is_letter
    = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  auto end = std::find_if_not(sql.begin(), sql.end(), is_letter);
  auto word = sql.substr(0, static_cast<std::size_t>(end - sql.begin()));
  sql.remove_prefix(word.size());
  return word;
}

bool is(std::string_view word, std::string_view lower_case) noexcept {
  return std::equal(word.begin(), word.end(), lower_case.begin(),
                    lower_case.end(),
                    [](char a, char b) { return (a | 0x20) == b; });
}

} // namespace

bool rolls_back_to_savepoint(std::string_view sql) noexcept {
  if (!is(next_word(sql), "rollback"))
    return false;
  auto word = next_word(sql);
  if (is(word, "work") || is(word, "transaction"))
    word = next_word(sql);
  return is(word, "to");
}

} // namespace caf_pool
