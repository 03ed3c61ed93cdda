#include "caf_pool/config/text_check.hpp"

#include "caf_pool/core/ascii.hpp"
#include "caf_pool/core/utf8.hpp"

#include <cstdint>

namespace caf_pool::detail {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

unsigned char byte_at(std::string_view text, std::size_t i) noexcept {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
}

bool is_plain(char c) {
  constexpr std::string_view others = "_-+.:=,[]{} \t\r\n#\"'";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9') || others.find(c) != others.npos;
}

// Walks through a text like a TOML parser, but only to know what is inside of
// quotes and comments, and how deep things nest. Where the text is no TOML both
// may go astray, but the parser stops at the first such place.
class walker {
public:
  explicit walker(std::string_view text) : text_(text) {
    // nop
  }

  std::optional<text_flaw> run() {
    if (text_.substr(0, 3) == byte_order_mark)
      pos_ = 3;
    while (pos_ < text_.size()) {
      auto* why = check_bytes();
      if (why == nullptr)
        why = step();
      if (why != nullptr)
        return text_flaw{why, line_, column_};
    }
    return std::nullopt;
  }

private:
  enum class state { bare, comment, quoted };

  void advance(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i, ++pos_) {
      if (text_[pos_] == '\n') {
        ++line_;
        column_ = 0;
      }
      // Bytes that continue a character take no column.
      if ((byte_at(text_, pos_) & 0xc0) != 0x80)
        ++column_;
    }
  }

  const char* check_bytes() const {
    auto c = text_[pos_];
    if (is_control(c) && c != '\t' && c != '\n' && c != '\r')
      return "a control character; write it as an escape such as \\u0007";
    if (utf8_length(text_, pos_) == 0)
      return "no valid UTF-8";
    return nullptr;
  }

  const char* step() {
    switch (state_) {
      case state::bare:
        return step_bare();
      case state::comment:
        if (text_[pos_] == '\n')
          state_ = state::bare;
        else
          advance(utf8_length(text_, pos_));
        return nullptr;
      case state::quoted:
        step_quoted();
        return nullptr;
    }
    return nullptr;
  }

  const char* step_bare() {
    auto c = text_[pos_];
    if (!is_plain(c))
      return "a character that is allowed only in quotes or comments";
    if (c == '#') {
      state_ = state::comment;
    } else if (c == '"' || c == '\'') {
      open_quote(c);
      return nullptr;
    } else if (c == '.') {
      if (++dots_ >= max_key_parts)
        return "a key with too many dots";
    } else if (c == '[' || c == '{') {
      dots_ = 0;
      if (++depth_ > max_key_parts)
        return "too many arrays or tables inside each other";
    } else if (c == ']' || c == '}') {
      dots_ = 0;
      depth_ -= depth_ > 0 ? 1 : 0;
    } else if (c == '=' || c == ',' || c == '\n') {
      dots_ = 0;
    }
    advance(1);
    return nullptr;
  }

  void open_quote(char c) {
    state_ = state::quoted;
    quote_ = c;
    multi_line_ = next_are(c, 3);
    advance(multi_line_ ? 3 : 1);
  }

  void step_quoted() {
    auto c = text_[pos_];
    if (c == '\\' && quote_ == '"') {
      // The escaped character may be the quote; it is never a line break of a
      // string on one line.
      advance(1);
      if (pos_ < text_.size() && text_[pos_] == quote_)
        advance(1);
      else if (pos_ < text_.size() && text_[pos_] == '\\')
        advance(1);
    } else if (!multi_line_ && (c == quote_ || c == '\n')) {
      state_ = state::bare;
      if (c == quote_)
        advance(1);
    } else if (multi_line_ && next_are(quote_, 3)) {
      // Up to two more quotes belong to the text, then come three to end it.
      while (next_are(quote_, 4))
        advance(1);
      advance(3);
      state_ = state::bare;
    } else {
      advance(utf8_length(text_, pos_));
    }
  }

  bool next_are(char c, std::size_t n) const {
    for (std::size_t i = 0; i < n; ++i)
      if (pos_ + i >= text_.size() || text_[pos_ + i] != c)
        return false;
    return true;
  }

  std::string_view text_;
  std::size_t pos_ = 0;
  std::uint32_t line_ = 1;
  std::uint32_t column_ = 1;
  state state_ = state::bare;
  char quote_ = '"';
  bool multi_line_ = false;
  std::size_t dots_ = 0;
  std::size_t depth_ = 0;
};

} // namespace

std::optional<text_flaw> find_flaw(std::string_view text) {
  if (text.size() > max_config_bytes)
    return text_flaw{"the file is larger than 1 MiB", 0, 0};
  return walker{text}.run();
}

bool is_clean_text(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    auto n = utf8_length(text, i);
    if (n == 0 || is_control(text[i]))
      return false;
    i += n;
  }
  return true;
}

} // namespace caf_pool::detail
