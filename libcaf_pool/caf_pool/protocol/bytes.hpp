#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace caf_pool::wire {

/// Appends to a text of bytes: unsigned numbers in base 128, least significant
/// digits first (LEB128); signed ones after folding the sign into the lowest
/// bit; texts with their length in front.
///
/// Thread-safety: like a plain value.
class byte_writer {
public:
  void byte(std::uint8_t x) {
    out_ += static_cast<char>(x);
  }

  void number(std::uint64_t x);
  void signed_number(std::int64_t x);
  void boolean(bool x) {
    byte(x ? 1 : 0);
  }

  /// Eight bytes, so that every bit pattern survives.
  void floating(double x);
  void text(std::string_view x);

  std::string take() noexcept {
    return std::move(out_);
  }

private:
  std::string out_;
};

/// Reads what a `byte_writer` wrote. What is missing or impossible makes it
/// fail for good: from then on it reads zeros and empty texts, so that a
/// decoder asks once, at its end. Never reads beyond the input.
///
/// Thread-safety: like a plain value; the input must outlive it.
class byte_reader {
public:
  explicit byte_reader(std::string_view input) : rest_(input) {
    // nop
  }

  std::uint8_t byte();
  std::uint64_t number();
  std::int64_t signed_number();
  bool boolean();
  double floating();
  std::string_view text();

  /// Reads a number that has to be at most `limit`.
  std::uint64_t number_until(std::uint64_t limit);

  /// Reads how many elements follow. Each takes a byte at least, so that a
  /// count that the rest of the input cannot hold is refused before anybody
  /// makes room for it.
  std::size_t count();

  bool failed() const noexcept {
    return failed_;
  }

  /// Tells whether everything was read and nothing failed.
  bool complete() const noexcept {
    return !failed_ && rest_.empty();
  }

  void fail() noexcept {
    failed_ = true;
    rest_ = {};
  }

private:
  std::string_view rest_;
  bool failed_ = false;
};

} // namespace caf_pool::wire
