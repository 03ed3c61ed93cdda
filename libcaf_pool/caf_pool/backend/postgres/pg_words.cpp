#include "caf_pool/backend/postgres/pg_words.hpp"

#include "caf_pool/core/ascii.hpp"

#include <algorithm>
#include <cstddef>

namespace caf_pool {

namespace {

constexpr std::string_view constants[]
  = {"bigint", "boolean", "false",    "int",  "integer",
     "null",   "select",  "smallint", "true", "values"};

template <std::size_t N>
bool found(const std::string_view (&words)[N], std::string_view word) noexcept {
  return std::binary_search(std::begin(words), std::end(words), word);
}

static_assert(std::is_sorted(std::begin(constants), std::end(constants)));

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// Bytes above 127 are letters to PostgreSQL.
bool begins_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
         || static_cast<unsigned char>(c) > 127;
}

bool continues_word(char c) noexcept {
  return begins_word(c) || is_digit(c) || c == '$';
}

std::string read_word(std::string_view text, std::size_t& pos) {
  std::string result;
  for (; pos < text.size() && continues_word(text[pos]); ++pos) {
    auto c = text[pos];
    result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return result;
}

void skip_digits(std::string_view text, std::size_t& pos) {
  while (pos < text.size() && is_digit(text[pos]))
    ++pos;
}

// Returns the position behind a comment that begins at `pos`, or `pos` if none
// does. One that does not end reaches to the end of the text.
std::size_t behind_comment(std::string_view text, std::size_t pos) {
  auto rest = text.substr(pos);
  if (rest.starts_with("--"))
    return std::min(text.find_first_of("\r\n", pos), text.size());
  if (!rest.starts_with("/*"))
    return pos;
  std::size_t depth = 0;
  do {
    auto pair = text.substr(pos, 2);
    if (pair == "/*")
      ++depth;
    else if (pair == "*/")
      --depth;
    pos += pair == "/*" || pair == "*/" ? 2 : 1;
  } while (depth > 0 && pos < text.size());
  return std::min(pos, text.size());
}

// Goes from word to word, and remembers what stands before.
class scanner {
public:
  explicit scanner(std::string_view text) : text_(text) {
    // nop
  }

  // Moves to the next word, number, parameter or symbol. Returns false at the
  // end.
  bool next() {
    before_ = symbol;
    last_word = std::move(word);
    word.clear();
    while (pos_ < text_.size() && is_blank(text_[pos_]))
      ++pos_;
    if (pos_ >= text_.size())
      return false;
    symbol = text_[pos_];
    if (begins_word(symbol)) {
      word = read_word(text_, pos_);
      symbol = 'a';
    } else if (is_digit(symbol)) {
      skip_digits(text_, pos_);
      symbol = '0';
    } else {
      ++pos_;
    }
    return true;
  }

  // Tells whether a parameter's number follows, and skips it.
  bool skip_number() {
    auto first = pos_;
    skip_digits(text_, pos_);
    return pos_ > first;
  }

  // Skips a string behind its first quote. Returns whether it ends.
  bool skip_string() {
    auto end = text_.find('\'', pos_);
    pos_ = std::min(end, text_.size() - 1) + 1;
    return end != text_.npos;
  }

  char before() const noexcept {
    return before_;
  }

  // 'a' for a word, '0' for a number, the character itself for all else.
  char symbol = ' ';
  std::string word;
  std::string last_word;

private:
  std::string_view text_;
  std::size_t pos_ = 0;
  char before_ = ' ';
};

} // namespace

std::string pg_first_word(std::string_view text) {
  std::size_t pos = 0;
  while (pos < text.size()) {
    auto c = text[pos];
    if (is_blank(c) || c == '(' || c == ';')
      ++pos;
    else if (auto end = behind_comment(text, pos); end > pos)
      pos = end;
    else
      return begins_word(c) ? read_word(text, pos) : std::string{};
  }
  return {};
}

bool pg_has_word(std::string_view text, std::string_view word) {
  scanner in{text};
  while (in.next())
    if (in.symbol == 'a' && in.word == word)
      return true;
  return false;
}

bool pg_names_nothing(std::string_view text) {
  auto first = pg_first_word(text);
  if (first != "select" && first != "values")
    return false;
  // Without a backslash all servers agree where a string ends.
  auto strings = text.find('\\') == text.npos;
  constexpr std::string_view allowed = "(),:$;a0'";
  scanner in{text};
  while (in.next()) {
    if (allowed.find(in.symbol) == allowed.npos)
      return false;
    if (in.symbol == 'a' && !found(constants, in.word))
      return false;
    if (in.symbol == '(' && in.before() == 'a' && in.last_word != "select"
        && in.last_word != "values")
      return false;
    if (in.symbol == '$' && !in.skip_number())
      return false;
    if (in.symbol == '\'' && strings && !in.skip_string())
      return false;
  }
  return true;
}

bool pg_casts_parameters(std::string_view text) {
  for (auto pos = text.find('$'); pos != text.npos; pos = text.find('$', pos)) {
    ++pos;
    auto first = pos;
    skip_digits(text, pos);
    if (pos == first)
      continue;
    while (pos < text.size() && is_blank(text[pos]))
      ++pos;
    if (!text.substr(pos).starts_with("::"))
      return false;
  }
  return true;
}

} // namespace caf_pool
