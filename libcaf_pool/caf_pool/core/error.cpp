#include "caf_pool/core/error.hpp"

#include <array>
#include <cstddef>

namespace caf_pool {

namespace {

constexpr std::array<std::string_view, 31> code_names{
  "none",
  "acquire_timeout",
  "queue_full",
  "overloaded",
  "cancelled",
  "breaker_open",
  "paused",
  "draining",
  "closed",
  "restarted",
  "pool_not_found",
  "open_timeout",
  "open_failed",
  "open_refused",
  "execute_timeout",
  "execute_failed",
  "connection_lost",
  "outcome_unknown",
  "lease_lost",
  "lease_released",
  "result_too_large",
  "invalid_argument",
  "not_supported",
  "unauthorized",
  "forbidden",
  "protocol_mismatch",
  "node_unreachable",
  "config_invalid",
  "internal",
  "rolled_back",
  "server_unready",
};

static_assert(code_names.size() == static_cast<std::size_t>(last_errc) + 1);

} // namespace

std::string_view to_string(errc x) noexcept {
  auto i = static_cast<std::size_t>(x);
  return i < code_names.size() ? code_names[i] : "unknown";
}

std::optional<errc> errc_from_string(std::string_view str) noexcept {
  for (std::size_t i = 0; i < code_names.size(); ++i)
    if (code_names[i] == str)
      return static_cast<errc>(i);
  return std::nullopt;
}

bool retryable(errc x) noexcept {
  switch (x) {
    case errc::acquire_timeout:
    case errc::queue_full:
    case errc::overloaded:
    case errc::breaker_open:
    case errc::paused:
    case errc::restarted:
    case errc::open_timeout:
    case errc::open_failed:
    case errc::connection_lost:
    case errc::node_unreachable:
    case errc::server_unready:
      return true;
    case errc::none:
    case errc::cancelled:
    case errc::draining:
    case errc::closed:
    case errc::pool_not_found:
    case errc::open_refused:
    case errc::execute_timeout:
    case errc::execute_failed:
    case errc::outcome_unknown:
    case errc::lease_lost:
    case errc::lease_released:
    case errc::result_too_large:
    case errc::invalid_argument:
    case errc::not_supported:
    case errc::unauthorized:
    case errc::forbidden:
    case errc::protocol_mismatch:
    case errc::config_invalid:
    case errc::internal:
    case errc::rolled_back:
      return false;
  }
  return false;
}

std::string to_string(const error& x) {
  auto str = std::string{to_string(x.code)};
  if (!x.message.empty())
    str += ": " + x.message;
  if (!x.state.empty())
    str += " (" + x.state + ')';
  return str;
}

} // namespace caf_pool
