#pragma once

#include "caf_pool/core/error.hpp"
#include "caf_pool/machine/policy/lifetime.hpp"
#include "caf_pool/machine/pool_state.hpp"

#include <string>
#include <string_view>

/// What a pool says about itself: numbers, reasons and the errors for callers.
namespace caf_pool::rules {

/// Why a judgement ends a connection.
std::string_view reason_of(treatment x);
pool_gauges gauges(const pool_state& s);
/// The pool's numbers for error texts: "10 of 10 leased, 3 opening, ...", and
/// the last failure unless it was `said` already.
std::string numbers(const pool_state& s, time_point now,
                    const error& said = {});
error timeout_error(const pool_state& s, duration waited, time_point now);
error breaker_error(const pool_state& s, time_point now);
error refusal_error(const pool_state& s, time_point now);
error hurry_error(const pool_state& s, duration needed, duration left,
                  time_point now);
error full_error(const pool_state& s, time_point now);
error not_free_error(const pool_state& s, time_point now);
error closing_error(const pool_state& s);

} // namespace caf_pool::rules
