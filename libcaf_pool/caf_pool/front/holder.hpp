#pragma once

#include <cstdint>
#include <source_location>
#include <string>

namespace caf_pool {

namespace detail {

/// The calling thread's number; 0 until it is asked for.
inline constinit thread_local std::uint32_t own_number = 0;

std::uint32_t next_thread_number() noexcept;

} // namespace detail

/// Returns a small number that names the calling thread: 1 for the first one
/// that asks, never reused.
inline std::uint32_t thread_number() noexcept {
  if (detail::own_number == 0) [[unlikely]]
    detail::own_number = detail::next_thread_number();
  return detail::own_number;
}

/// Who holds a connection, as plain words that cost nothing to write down. All
/// texts live as long as the program.
///
/// Thread-safety: a plain value.
struct holder {
  /// As `thread_number` has it; 0 for nobody.
  std::uint32_t thread = 0;
  std::uint32_t line = 0;
  /// Source file of the acquire; may be null.
  const char* file = nullptr;
  /// What the caller calls itself; may be null.
  const char* label = nullptr;

  /// The calling thread, at the place of the call.
  static holder here(const char* label = nullptr,
                     const std::source_location& at
                     = std::source_location::current()) noexcept {
    return {thread_number(), at.line(), at.file_name(), label};
  }

  friend bool operator==(const holder&, const holder&) = default;
};

/// Renders where a holder acquired: "orders.cpp:57"; empty if nobody knows.
std::string place_of(const holder& x);

/// Renders a holder for people: "importer, thread 3 at orders.cpp:57"; empty
/// for nobody.
std::string to_string(const holder& x);

} // namespace caf_pool
