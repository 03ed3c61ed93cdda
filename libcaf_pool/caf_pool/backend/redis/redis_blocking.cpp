#include "caf_pool/backend/redis/redis_blocking.hpp"

#include "caf_pool/backend/redis/redis_word.hpp"
#include "caf_pool/core/one_of.hpp"
#include "caf_pool/core/parse_number.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace caf_pool {

namespace {

/// Longer than any program lives, and short enough to be added to times.
constexpr auto longest_wait = std::chrono::hours{24 * 365 * 100};

std::optional<duration> seconds_in(std::string_view text) {
  auto x = parse_number<double>(text);
  if (!x || !std::isfinite(*x) || *x < 0)
    return std::nullopt;
  auto wanted = std::chrono::duration<double>{*x};
  if (wanted >= longest_wait)
    return longest_wait;
  // Zero would be for ever.
  auto result = std::chrono::duration_cast<duration>(wanted);
  return *x > 0 ? std::max<duration>(result, std::chrono::milliseconds{1})
                : result;
}

std::optional<duration> milliseconds_in(std::string_view text) {
  auto x = parse_number<std::int64_t>(text);
  if (!x || *x < 0)
    return std::nullopt;
  using std::chrono::milliseconds;
  if (*x >= milliseconds{longest_wait}.count())
    return longest_wait;
  return milliseconds{*x};
}

/// Returns what stands behind the option BLOCK of XREAD and XREADGROUP.
std::string_view behind_block(const redis_command& command) {
  // Each option but these takes one argument.
  for (std::uint32_t at = 1; at < command.size(); ++at) {
    auto option = command.at(at);
    if (is_word(option, "block"))
      return command.at(at + 1);
    at += is_word(option, "group") ? 2 : is_word(option, "noack") ? 0 : 1;
  }
  return {};
}

} // namespace

std::optional<duration> redis_waiting_time(const redis_command& command,
                                           const redis_command_facts* facts) {
  if (!blocks(command, facts))
    return std::nullopt;
  if (facts->keys.search == redis_key_search::streams)
    return milliseconds_in(behind_block(command));
  if (one_of(facts->name, {"blmpop", "bzmpop"}))
    return seconds_in(command.at(1));
  auto last = command.at(command.size() - 1);
  return one_of(facts->name, {"wait", "waitaof"}) ? milliseconds_in(last)
                                                  : seconds_in(last);
}

std::optional<duration> redis_waiting_time(const redis_command& command) {
  return redis_waiting_time(command, find_redis_command(command));
}

} // namespace caf_pool
