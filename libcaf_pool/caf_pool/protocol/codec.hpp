#pragma once

#include "caf_pool/core/call_options.hpp"
#include "caf_pool/core/pool_event.hpp"
#include "caf_pool/core/pool_snapshot.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/verb.hpp"
#include "caf_pool/core/work.hpp"
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

inline constexpr std::uint8_t codec_version = 3;

/// Larger payloads are neither sent nor read.
inline constexpr std::size_t max_payload = std::size_t{64} << 20;

/// What a payload holds: its second byte. Append only, never renumber.
enum class content : std::uint8_t {
  names = 3,
  snapshot = 4,
  health = 5,
  event = 6,
  order = 7,
  outcome = 8,
  grant = 9,
  failure = 10,
  operation = 11,
};

/// Tells what a payload says of itself.
bool holds(content what, std::string_view bytes) noexcept;

/// Work and how it wants to be done.
struct order {
  call_options how;
  work what;

  friend bool operator==(const order&, const order&) = default;
};

/// The client has a connection for itself until it says `release`, stays silent
/// for longer than the lease's time to live, or ends.
struct grant {
  /// 128 random bits, valid in this session only.
  std::string token;
  duration waited = duration::zero();

  friend bool operator==(const grant&, const grant&) = default;
};

/// What an operator wants of a pool.
struct operation {
  verb what = verb::pause;
  /// For `drain`.
  duration limit = duration::zero();

  friend bool operator==(const operation&, const operation&) = default;
};

/// Refuses a payload of more than `max_payload` bytes.
error too_large(std::uint64_t size);

/// Points in time travel as what is left of them at `now`.
std::string encode_order(const call_options& how, const work& what,
                         time_point now);

inline std::string encode(const order& x, time_point now) {
  return encode_order(x.how, x.what, now);
}

std::string encode(const outcome& x);
std::string encode(const grant& x);
std::string encode(const error& x);
std::string encode(const operation& x);
std::string encode(const std::vector<std::string>& xs);
std::string encode(const pool_snapshot& x);
std::string encode(const std::vector<pool_health>& xs);
std::string encode(const pool_event& x);

/// Reads what `encode` wrote for a `T`.
template <class T>
result<T> decode(std::string_view bytes);

template <>
result<outcome> decode(std::string_view bytes);
template <>
result<grant> decode(std::string_view bytes);
template <>
result<operation> decode(std::string_view bytes);
template <>
result<std::vector<std::string>> decode(std::string_view bytes);
template <>
result<pool_snapshot> decode(std::string_view bytes);
template <>
result<std::vector<pool_health>> decode(std::string_view bytes);
template <>
result<pool_event> decode(std::string_view bytes);

/// Reads an order whose times are left at `now`.
result<order> decode_order(std::string_view bytes, time_point now);

/// Reads what `encode` wrote for an error; bytes that make no sense are
/// `protocol_mismatch`.
error decode_error(std::string_view bytes);

} // namespace caf_pool::wire
