#pragma once

#include "caf_pool/core/pool_event.hpp"
#include "caf_pool/core/pool_snapshot.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/sql_result.hpp"
#include "caf_pool/core/sql_statement.hpp"
#include "caf_pool/protocol/pool_health.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The bytes inside the messages between processes: everything that is not a
/// handful of numbers and texts. Compact, the same on every machine, and
/// independent of the actor framework and its versions.
///
/// A payload begins with a byte for the version of this encoding and one for
/// what it holds. Decoding believes nothing: it returns `protocol_mismatch` for
/// whatever `encode` did not write, and allocates at most some forty bytes per
/// byte of input.
///
/// Thread-safety: pure functions.
namespace caf_pool::wire {

inline constexpr std::uint8_t codec_version = 2;

/// Larger payloads are neither sent nor read.
inline constexpr std::size_t max_payload = std::size_t{64} << 20;

/// Refuses a payload of more than `max_payload` bytes.
error too_large(std::uint64_t size);

std::string encode(const std::vector<sql_statement>& xs);
std::string encode(const std::vector<sql_result>& xs);
std::string encode(const std::vector<std::string>& xs);
std::string encode(const pool_snapshot& x);
std::string encode(const std::vector<pool_health>& xs);
std::string encode(const pool_event& x);

/// Reads what `encode` wrote for a `T`.
template <class T>
result<T> decode(std::string_view bytes);

template <>
result<std::vector<sql_statement>> decode(std::string_view bytes);
template <>
result<std::vector<sql_result>> decode(std::string_view bytes);
template <>
result<std::vector<std::string>> decode(std::string_view bytes);
template <>
result<pool_snapshot> decode(std::string_view bytes);
template <>
result<std::vector<pool_health>> decode(std::string_view bytes);
template <>
result<pool_event> decode(std::string_view bytes);

} // namespace caf_pool::wire
