#pragma once

#include "caf_pool/core/redis_value.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace caf_pool::ctl {

/// A reply for people: an array has a line for each of its values. Strings are
/// in quotes, and whatever they hold is visible.
std::string text_of(const redis_value& x);

/// A reply in JSON: nil is null, a map an object, an error inside an array an
/// object {"error": text}. What JSON has no form for is a string.
nlohmann::ordered_json json_of(const redis_value& x);

} // namespace caf_pool::ctl
