#include "caf_pool/cache/value_envelope.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace caf_pool {

namespace {

// No text in UTF-8 begins with such a byte.
constexpr char format_1 = '\xc1';
constexpr char flag_negative = 1;

template <class T>
void append_number(std::string& out, T x) {
  for (auto shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8)
    out += static_cast<char>(static_cast<unsigned char>(x >> shift));
}

void append_text(std::string& out, std::string_view text) {
  append_number(out, static_cast<std::uint16_t>(text.size()));
  out += text;
}

/// Takes numbers and texts from the front of some bytes.
class envelope_reader {
public:
  explicit envelope_reader(std::string_view bytes) : rest_(bytes) {
    // nop
  }

  template <class T>
  T number() {
    T result = 0;
    for (auto c : take(sizeof(T)))
      result = static_cast<T>((result << 8) | static_cast<unsigned char>(c));
    return result;
  }

  std::string text() {
    return std::string{take(number<std::uint16_t>())};
  }

  std::string rest() {
    return std::string{rest_};
  }

  bool good() const noexcept {
    return good_;
  }

private:
  std::string_view take(std::size_t size) {
    good_ = good_ && size <= rest_.size();
    if (!good_)
      return {};
    auto result = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return result;
  }

  std::string_view rest_;
  bool good_ = true;
};

} // namespace

std::string envelope_head(const value_envelope& x) {
  return {format_1, x.negative ? flag_negative : '\0'};
}

std::string envelope_tail(const value_envelope& x) {
  std::string result;
  append_number(result, x.cost);
  append_number(result, static_cast<std::uint16_t>(x.tags.size()));
  for (auto& tag : x.tags) {
    append_text(result, tag.name);
    append_text(result, tag.token);
  }
  result += x.payload;
  return result;
}

std::string to_bytes(const value_envelope& x) {
  auto result = envelope_head(x);
  append_number(result, static_cast<std::uint64_t>(x.expiry));
  result += envelope_tail(x);
  return result;
}

std::optional<value_envelope> read_envelope(std::string_view bytes) {
  if (bytes.size() < 2 || bytes[0] != format_1
      || (bytes[1] & ~flag_negative) != 0)
    return std::nullopt;
  auto result = value_envelope{};
  result.negative = bytes[1] == flag_negative;
  auto from = envelope_reader{bytes.substr(2)};
  result.expiry = static_cast<std::int64_t>(from.number<std::uint64_t>());
  result.cost = from.number<std::uint32_t>();
  auto tags = from.number<std::uint16_t>();
  for (auto i = 0; i < tags && from.good(); ++i) {
    auto name = from.text();
    auto token = from.text();
    result.tags.push_back({std::move(name), std::move(token)});
  }
  result.payload = from.rest();
  if (!from.good() || result.expiry < 0
      || (result.negative && !result.payload.empty()))
    return std::nullopt;
  return result;
}

} // namespace caf_pool
