#include "caf_pool/backend/postgres/pg_statement_name.hpp"

#include "caf_pool/core/hex_digit.hpp"

#include <array>
#include <openssl/evp.h>
#include <stdexcept>

namespace caf_pool {

std::string pg_statement_name(std::string_view text,
                              std::span<const Oid> types) {
  std::string input{text};
  // No text has a zero byte, so the types cannot be mistaken for text.
  for (auto type : types)
    input += '\0' + std::to_string(type);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (EVP_Digest(input.data(), input.size(), digest.data(), nullptr,
                 EVP_sha256(), nullptr)
      != 1)
    throw std::runtime_error{
      "OpenSSL offers no SHA-256 here: look at openssl.cnf"};
  std::string result = "caf_pool_";
  constexpr std::size_t bytes = 16;
  for (std::size_t i = 0; i < bytes; ++i)
    append_hex(result, digest[i]);
  return result;
}

} // namespace caf_pool
