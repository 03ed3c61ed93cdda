#include "caf_pool/gate/sha256.hpp"

#include "caf_pool/core/hex_digit.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdexcept>

namespace caf_pool {

sha256_digest sha256(std::string_view bytes) {
  sha256_digest result{};
  if (EVP_Digest(bytes.data(), bytes.size(), result.data(), nullptr,
                 EVP_sha256(), nullptr)
      != 1)
    throw std::runtime_error{
      "OpenSSL offers no SHA-256 here: look at "
      "openssl.cnf"};
  return result;
}

std::string to_hex(std::string_view bytes) {
  std::string result;
  result.reserve(2 * bytes.size());
  for (auto c : bytes)
    append_hex(result, static_cast<unsigned char>(c));
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
  return CRYPTO_memcmp(lhs.data(), rhs.data(), lhs.size()) == 0;
}

} // namespace caf_pool
