#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace caf_pool {

/// What a piece of SQL text is, as far as it must be known to see which words
/// are commands and which functions are called.
enum class pg_token_kind : std::uint8_t {
  /// A bare word, in lower case: keyword, name or function.
  word,
  /// A name in double quotes, without them and as written.
  quoted_name,
  /// A number, a string of any kind, a parameter.
  literal,
  /// One character that is nothing else.
  symbol,
  /// The end of the text.
  end,
  /// An unterminated string, name or comment: the rest cannot be trusted.
  broken,
};

struct pg_token {
  pg_token_kind kind = pg_token_kind::end;
  /// The text of words, names and symbols; empty for literals.
  std::string text;

  bool is(std::string_view word) const noexcept {
    return kind == pg_token_kind::word && text == word;
  }

  bool is(char symbol) const noexcept {
    return kind == pg_token_kind::symbol && text[0] == symbol;
  }
};

/// Splits SQL text as PostgreSQL's scanner does: nested comments, dollar
/// quotes, escape strings, Unicode strings.
///
/// Thread-safety: like a plain value. The text must outlive it.
class pg_lexer {
public:
  explicit pg_lexer(std::string_view text) : text_(text) {
    // nop
  }

  pg_token next();

private:
  char at(std::size_t offset = 0) const noexcept {
    return pos_ + offset < text_.size() ? text_[pos_ + offset] : '\0';
  }

  bool skip_blanks();
  bool skip_block_comment();
  bool skip_quoted(char quote, bool backslashes);
  bool skip_dollar_quoted();
  pg_token read_word();

  std::string_view text_;
  std::size_t pos_ = 0;
};

} // namespace caf_pool
