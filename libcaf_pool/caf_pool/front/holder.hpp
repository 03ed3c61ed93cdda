#pragma once

#include <cstdint>
#include <source_location>

namespace caf_pool {

/// Returns a small number that names the calling thread: 1 for the first one
/// that asks, never reused.
std::uint32_t thread_number() noexcept;

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

} // namespace caf_pool
