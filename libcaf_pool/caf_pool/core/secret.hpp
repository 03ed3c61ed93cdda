#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace caf_pool {

/// A password, token or key. Prints as `***` wherever it goes; the text is
/// only had by asking for it by name. Overwrites its memory when destroyed.
///
/// Thread-safety: like a plain value.
class secret {
public:
  secret() = default;

  explicit secret(std::string text) : text_(std::move(text)) {
    // nop
  }

  secret(const secret&) = default;

  secret(secret&& other) noexcept : text_(std::move(other.text_)) {
    other.wipe();
  }

  secret& operator=(secret other) noexcept {
    text_.swap(other.text_);
    return *this;
  }

  ~secret() {
    wipe();
  }

  /// Returns the text itself. Never log, print or store what this returns.
  const std::string& reveal() const noexcept {
    return text_;
  }

  bool empty() const noexcept {
    return text_.empty();
  }

  /// Compares in a time that depends only on the length of `other`.
  bool equals(std::string_view other) const noexcept {
    auto diff = static_cast<unsigned>(text_.size() != other.size());
    for (std::size_t i = 0; i < other.size(); ++i)
      diff |= static_cast<unsigned char>(
        other[i] ^ (text_.empty() ? '\0' : text_[i % text_.size()]));
    return diff == 0;
  }

  friend bool operator==(const secret& lhs, const secret& rhs) noexcept {
    return lhs.equals(rhs.text_);
  }

private:
  // Short texts live inside the object, and a move leaves them there: hence
  // the whole capacity, not only what counts as text.
  void wipe() noexcept {
    text_.resize(text_.capacity());
    volatile char* data = text_.data();
    for (std::size_t i = 0; i < text_.size(); ++i)
      data[i] = '\0';
    text_.clear();
  }

  std::string text_;
};

/// What every printer of a secret shows.
inline constexpr std::string_view masked_secret = "***";

inline std::string to_string(const secret& x) {
  return x.empty() ? std::string{} : std::string{masked_secret};
}

inline std::ostream& operator<<(std::ostream& out, const secret& x) {
  return out << to_string(x);
}

} // namespace caf_pool
