#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"

#include <string>
#include <string_view>

namespace caf_pool {

/// Parses a number with a unit: "250ms", "1.5s", "2min", "1h", also "90us",
/// "5ns" and "1d". A bare number is an error (`invalid_argument`) but "0".
result<duration> parse_duration(std::string_view str);

/// Renders a duration in the largest unit that needs no fraction, such that
/// `parse_duration` returns the same value.
std::string to_text(duration x);

/// Renders a duration for people: at most three digits, e.g. "1.25s".
std::string to_rough_text(duration x);

} // namespace caf_pool
