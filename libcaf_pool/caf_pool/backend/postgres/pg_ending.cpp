#include "caf_pool/backend/postgres/pg_ending.hpp"

#include "caf_pool/core/one_of.hpp"

#include <algorithm>
#include <string>

namespace caf_pool {

namespace {

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Removes one comment from the front. An open one takes all that is left.
bool skip_comment(std::string_view& text) {
  if (text.starts_with("--")) {
    text.remove_prefix(std::min(text.find_first_of("\r\n"), text.size()));
    return true;
  }
  if (!text.starts_with("/*"))
    return false;
  std::size_t depth = 0;
  do {
    auto opens = text.starts_with("/*");
    auto closes = text.starts_with("*/");
    depth += opens ? 1 : 0;
    depth -= closes ? 1 : 0;
    text.remove_prefix(opens || closes ? 2 : 1);
  } while (depth > 0 && !text.empty());
  return true;
}

std::string lower(std::string_view text) {
  std::string result{text};
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return result;
}

// The server skips empty statements, too.
std::string first_word(std::string_view text) {
  constexpr std::string_view beside = " \t\n\v\f\r;(";
  for (;;) {
    if (!text.empty() && beside.find(text.front()) != beside.npos)
      text.remove_prefix(1);
    else if (!skip_comment(text))
      break;
  }
  auto end = std::find_if_not(text.begin(), text.end(), is_letter);
  return lower(text.substr(0, static_cast<std::size_t>(end - text.begin())));
}

} // namespace

bool pg_asks_to_commit(std::string_view text) {
  return one_of(first_word(text), {"commit", "end", "prepare"});
}

bool pg_is_one_transaction(std::string_view text) {
  auto first = first_word(text);
  if (one_of(first,
             {"select", "values", "table", "with", "insert", "update", "delete",
              "merge", "truncate", "explain", "commit", "end", "prepare"}))
    return true;
  // Indexes and partitions may be changed in several transactions.
  return one_of(first, {"create", "drop", "alter", "comment", "grant", "revoke",
                        "lock", "refresh"})
         && lower(text).find("concurrently") == std::string::npos;
}

} // namespace caf_pool
