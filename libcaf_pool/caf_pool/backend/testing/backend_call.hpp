#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace caf_pool {

/// The calls that a pool makes to a backend and its connections; `state` and
/// `native` reach no server and do not count.
enum class backend_call : std::uint8_t {
  open,
  probe,
  reset,
  execute,
  restrict_to_reads,
  cancel,
  abort,
  close,
};

inline constexpr std::size_t backend_calls = 8;

constexpr std::string_view to_string(backend_call x) noexcept {
  switch (x) {
    case backend_call::open:
      return "open";
    case backend_call::probe:
      return "probe";
    case backend_call::reset:
      return "reset";
    case backend_call::execute:
      return "execute";
    case backend_call::restrict_to_reads:
      return "restrict_to_reads";
    case backend_call::cancel:
      return "cancel";
    case backend_call::abort:
      return "abort";
    case backend_call::close:
      return "close";
  }
  return "unknown";
}

} // namespace caf_pool
