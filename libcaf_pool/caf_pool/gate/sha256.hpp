#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace caf_pool {

using sha256_digest = std::array<std::uint8_t, 32>;

/// SHA-256 (FIPS 180-4), by OpenSSL. For tokens that are random and long:
/// nothing here is slow enough for passwords that people choose. Throws
/// `std::runtime_error` if OpenSSL was told to do without it.
sha256_digest sha256(std::string_view bytes);

/// Renders bytes as two digits each, "00" to "ff".
std::string to_hex(std::string_view bytes);
std::string to_hex(const sha256_digest& x);

/// Reads 64 digits, upper or lower case.
std::optional<sha256_digest> digest_from_hex(std::string_view str) noexcept;

/// Compares in a time that does not depend on where they differ.
bool equal_digests(const sha256_digest& lhs, const sha256_digest& rhs) noexcept;

} // namespace caf_pool
