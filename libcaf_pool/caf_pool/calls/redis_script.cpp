#include "caf_pool/calls/redis_script.hpp"

#include "caf_pool/core/hex_digit.hpp"

#include <array>
#include <new>
#include <openssl/evp.h>
#include <utility>

namespace caf_pool {

namespace {

std::string sha1_of(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  auto size = 0u;
  if (EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_sha1(),
                 nullptr)
      != 1)
    throw std::bad_alloc{};
  auto result = std::string{};
  for (auto i = 0u; i < size; ++i)
    append_hex(result, bytes[i]);
  return result;
}

} // namespace

redis_script::redis_script(std::string text, bool reads_only)
  : text_(std::move(text)), digest_(sha1_of(text_)), reads_only_(reads_only) {
  // nop
}

redis_command redis_script::call(
  const std::vector<std::string>& keys,
  const std::vector<std::string>& arguments) const {
  auto result = redis_command{reads_only_ ? "EVALSHA_RO" : "EVALSHA", digest_,
                              keys.size()};
  for (auto& key : keys)
    result.add(std::string_view{key});
  for (auto& argument : arguments)
    result.add(std::string_view{argument});
  return result;
}

redis_command redis_script::load() const {
  return redis_command{"SCRIPT", "LOAD", text_};
}

} // namespace caf_pool
