#include "caf_pool/protocol/bytes.hpp"

#include <bit>

namespace caf_pool::wire {

// -- writing ------------------------------------------------------------------

void byte_writer::number(std::uint64_t x) {
  while (x >= 0x80) {
    byte(static_cast<std::uint8_t>(x | 0x80));
    x >>= 7;
  }
  byte(static_cast<std::uint8_t>(x));
}

void byte_writer::signed_number(std::int64_t x) {
  auto bits = static_cast<std::uint64_t>(x);
  number((bits << 1) ^ (x < 0 ? ~std::uint64_t{0} : 0));
}

void byte_writer::floating(double x) {
  auto bits = std::bit_cast<std::uint64_t>(x);
  for (int i = 0; i < 8; ++i)
    byte(static_cast<std::uint8_t>(bits >> (8 * i)));
}

void byte_writer::text(std::string_view x) {
  number(x.size());
  out_ += x;
}

// -- reading ------------------------------------------------------------------

std::uint8_t byte_reader::byte() {
  if (rest_.empty()) {
    fail();
    return 0;
  }
  auto x = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return x;
}

std::uint64_t byte_reader::number() {
  std::uint64_t result = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    auto x = byte();
    // The tenth digit has room for one bit. A last digit of zero would be a
    // second spelling of the same number.
    if ((shift == 63 && x > 1) || (shift > 0 && x == 0))
      break;
    result |= static_cast<std::uint64_t>(x & 0x7f) << shift;
    if ((x & 0x80) == 0)
      return result;
  }
  fail();
  return 0;
}

std::int64_t byte_reader::signed_number() {
  auto x = number();
  return static_cast<std::int64_t>((x >> 1) ^ (~(x & 1) + 1));
}

bool byte_reader::boolean() {
  return number_until(1) == 1;
}

double byte_reader::floating() {
  std::uint64_t bits = 0;
  for (int i = 0; i < 8; ++i)
    bits |= static_cast<std::uint64_t>(byte()) << (8 * i);
  return failed_ ? 0.0 : std::bit_cast<double>(bits);
}

std::string_view byte_reader::text() {
  auto size = number();
  if (size > rest_.size()) {
    fail();
    return {};
  }
  auto result = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return result;
}

std::uint64_t byte_reader::number_until(std::uint64_t limit) {
  auto x = number();
  if (x > limit) {
    fail();
    return 0;
  }
  return x;
}

std::size_t byte_reader::count() {
  auto x = number();
  if (x > rest_.size()) {
    fail();
    return 0;
  }
  return x;
}

} // namespace caf_pool::wire
