#include "caf_pool/backend/pg_lexer.hpp"

namespace caf_pool {

namespace {

bool is_blank(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

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

char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

pg_token pg_lexer::next() {
  constexpr auto broken = pg_token_kind::broken;
  constexpr auto literal = pg_token_kind::literal;
  if (!skip_blanks())
    return {broken, {}};
  if (pos_ >= text_.size())
    return {};
  auto c = at();
  if (c == '\'')
    return {skip_quoted('\'', false) ? literal : broken, {}};
  if (c == '"') {
    auto first = pos_ + 1;
    if (!skip_quoted('"', false))
      return {broken, {}};
    return {pg_token_kind::quoted_name,
            std::string{text_.substr(first, pos_ - 1 - first)}};
  }
  if (begins_word(c))
    return read_word();
  if (is_digit(c) || (c == '.' && is_digit(at(1)))) {
    while (continues_word(at()) || at() == '.')
      ++pos_;
    return {literal, {}};
  }
  if (c == '$') {
    if (!is_digit(at(1)))
      return {skip_dollar_quoted() ? literal : broken, {}};
    for (++pos_; is_digit(at()); ++pos_) {
      // nop
    }
    return {literal, {}};
  }
  ++pos_;
  return {pg_token_kind::symbol, std::string{c}};
}

// Returns false if a comment does not end.
bool pg_lexer::skip_blanks() {
  for (;;) {
    if (is_blank(at()) && pos_ < text_.size()) {
      ++pos_;
    } else if (at() == '-' && at(1) == '-') {
      while (pos_ < text_.size() && at() != '\n' && at() != '\r')
        ++pos_;
    } else if (at() == '/' && at(1) == '*') {
      if (!skip_block_comment())
        return false;
    } else {
      return true;
    }
  }
}

bool pg_lexer::skip_block_comment() {
  std::size_t depth = 0;
  do {
    if (pos_ >= text_.size())
      return false;
    if (at() == '/' && at(1) == '*') {
      ++depth;
      pos_ += 2;
    } else if (at() == '*' && at(1) == '/') {
      --depth;
      pos_ += 2;
    } else {
      ++pos_;
    }
  } while (depth > 0);
  return true;
}

// A doubled quote needs no care: it reads as two strings side by side.
bool pg_lexer::skip_quoted(char quote, bool backslashes) {
  for (++pos_; pos_ < text_.size(); ++pos_) {
    if (backslashes && at() == '\\') {
      ++pos_;
    } else if (at() == quote) {
      ++pos_;
      return true;
    }
  }
  return false;
}

bool pg_lexer::skip_dollar_quoted() {
  auto end = pos_ + 1;
  while (end < text_.size() && continues_word(text_[end]) && text_[end] != '$')
    ++end;
  if (end >= text_.size() || text_[end] != '$')
    return false;
  auto tag = text_.substr(pos_, end + 1 - pos_);
  auto close = text_.find(tag, end + 1);
  if (close == std::string_view::npos)
    return false;
  pos_ = close + tag.size();
  return true;
}

pg_token pg_lexer::read_word() {
  // E'..' has backslashes; B'..', X'..', N'..' and U&'..' have none.
  auto first = to_lower(at());
  if (at(1) == '\''
      && (first == 'e' || first == 'b' || first == 'x' || first == 'n')) {
    ++pos_;
    auto ok = skip_quoted('\'', first == 'e');
    return {ok ? pg_token_kind::literal : pg_token_kind::broken, {}};
  }
  if (first == 'u' && at(1) == '&' && at(2) == '\'') {
    pos_ += 2;
    auto ok = skip_quoted('\'', false);
    return {ok ? pg_token_kind::literal : pg_token_kind::broken, {}};
  }
  if (first == 'u' && at(1) == '&' && at(2) == '"')
    // Escapes may spell anything: nobody writes this for a good reason.
    return {pg_token_kind::broken, {}};
  pg_token result{pg_token_kind::word, {}};
  for (; continues_word(at()); ++pos_)
    result.text += to_lower(at());
  return result;
}

} // namespace caf_pool
