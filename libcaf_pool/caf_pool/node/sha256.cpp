#include "caf_pool/node/sha256.hpp"

#include "caf_pool/core/hex_digit.hpp"

#include <bit>
#include <cstddef>

namespace caf_pool {

namespace {

// The first 32 bits of the fractional parts of the cube roots of the first 64
// primes.
constexpr std::array<std::uint32_t, 64> round_constants{
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
  0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
  0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
  0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
  0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// The first 32 bits of the fractional parts of the square roots of the first
// eight primes.
constexpr std::array<std::uint32_t, 8> first_state{
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

using block = std::array<std::uint8_t, 64>;

std::array<std::uint32_t, 64> schedule(const block& in) noexcept {
  std::array<std::uint32_t, 64> w{};
  for (std::size_t i = 0; i < 16; ++i)
    for (std::size_t j = 0; j < 4; ++j)
      w[i] = (w[i] << 8) | in[4 * i + j];
  for (std::size_t i = 16; i < 64; ++i) {
    auto x = w[i - 15];
    auto y = w[i - 2];
    auto s0 = std::rotr(x, 7) ^ std::rotr(x, 18) ^ (x >> 3);
    auto s1 = std::rotr(y, 17) ^ std::rotr(y, 19) ^ (y >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  return w;
}

void compress(std::array<std::uint32_t, 8>& state, const block& in) noexcept {
  auto w = schedule(in);
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t i = 0; i < 64; ++i) {
    auto s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    auto choice = (e & f) ^ (~e & g);
    auto t1 = h + s1 + choice + round_constants[i] + w[i];
    auto s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    auto majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + s0 + majority;
  }
  std::array<std::uint32_t, 8> next{a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < 8; ++i)
    state[i] += next[i];
}

constexpr std::string_view digits = "0123456789abcdef";

} // namespace

sha256_digest sha256(std::string_view bytes) noexcept {
  auto state = first_state;
  block current{};
  std::size_t used = 0;
  auto feed = [&](std::uint8_t x) {
    current[used++] = x;
    if (used == current.size()) {
      compress(state, current);
      used = 0;
    }
  };
  for (auto c : bytes)
    feed(static_cast<std::uint8_t>(c));
  feed(0x80);
  while (used != 56)
    feed(0);
  auto bits = static_cast<std::uint64_t>(bytes.size()) * 8;
  for (int shift = 56; shift >= 0; shift -= 8)
    feed(static_cast<std::uint8_t>(bits >> shift));
  sha256_digest result{};
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
  return result;
}

std::string to_hex(std::string_view bytes) {
  std::string result;
  result.reserve(2 * bytes.size());
  for (auto c : bytes) {
    auto x = static_cast<std::uint8_t>(c);
    result += digits[x >> 4];
    result += digits[x & 15];
  }
  return result;
}

std::string to_hex(const sha256_digest& x) {
  return to_hex({reinterpret_cast<const char*>(x.data()), x.size()});
}

std::optional<sha256_digest> digest_from_hex(std::string_view str) noexcept {
  sha256_digest result{};
  if (str.size() != 2 * result.size())
    return std::nullopt;
  for (std::size_t i = 0; i < result.size(); ++i) {
    auto high = hex_digit(str[2 * i]);
    auto low = hex_digit(str[2 * i + 1]);
    if (high < 0 || low < 0)
      return std::nullopt;
    result[i] = static_cast<std::uint8_t>(16 * high + low);
  }
  return result;
}

bool equal_digests(const sha256_digest& lhs,
                   const sha256_digest& rhs) noexcept {
  volatile std::uint8_t difference = 0;
  for (std::size_t i = 0; i < lhs.size(); ++i)
    difference = static_cast<std::uint8_t>(difference | (lhs[i] ^ rhs[i]));
  return difference == 0;
}

} // namespace caf_pool
