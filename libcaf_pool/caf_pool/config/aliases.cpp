#include "caf_pool/config/aliases.hpp"

#include <algorithm>

namespace caf_pool {

namespace {

using enum alias_form;

constexpr alias alias_table[] = {
  {"max_pool_size", "max_size"},
  {"max_connections", "max_size"},
  {"min_pool_size", "min_size"},
  {"min_idle", "min_size"},
  {"max_waiting", "max_waiters"},
  {"connect_concurrency", "open_concurrency"},
  {"pool_timeout", "acquire_timeout", seconds},
  {"connect_timeout", "open_timeout", seconds},
  {"command_timeout", "execute_timeout", seconds},
  {"pool_recycle", "max_lifetime", seconds},
  {"idle_timeout", "max_idle_time", seconds},
  {"pool_pre_ping", "validate_on_acquire"},
  {"validate_on_checkout", "validate_on_acquire"},
  {"validation_timeout", "health_check_timeout", seconds},
  {"keepalive_interval", "health_check_interval", seconds},
  {"reset_on_return", "reset_on_release", reset_switch},
  {"pool_reset_on_return", "reset_on_release", reset_switch},
  {"pool_use_lifo", "order", lifo_switch},
  {"leak_detection_threshold", "leak_threshold", seconds},
  {"max_retry_attempts", "retry.attempts"},
  {"initial_retry_delay", "retry.start", seconds},
  {"max_retry_delay", "retry.cap", seconds},
  {"retry_backoff_multiplier", "retry.factor"},
};

constexpr fixed_setting fixed_table[] = {
  {"retry_jitter", "true",
   "delays always have full jitter, or all clients would come back at once"},
  {"validation_query", "SELECT 1",
   "each backend knows the cheapest probe of its server"},
  {"enable_pool_metrics", "true",
   "counting costs next to nothing and is always on"},
  {"metrics_collection_interval", "",
   "metrics are computed when somebody asks for them"},
};

bool is_number(std::string_view str) {
  return !str.empty() && str.find_first_not_of("0123456789.") == str.npos;
}

} // namespace

std::span<const alias> aliases() noexcept {
  return alias_table;
}

std::span<const fixed_setting> fixed_settings() noexcept {
  return fixed_table;
}

namespace detail {

raw_value translate(alias_form form, raw_value x) {
  switch (form) {
    case same:
      return x;
    case seconds:
      if (x.form == value_form::integer || x.form == value_form::real
          || (x.form == value_form::word && is_number(x.text)))
        return make_word(x.text + 's');
      return x;
    case lifo_switch:
      if (auto y = convert_to<bool>(x))
        return make_word(*y ? "lifo" : "fifo");
      return x;
    case reset_switch:
      if (auto y = convert_to<bool>(x))
        return make_word(*y ? "automatic" : "none");
      if (x.text == "rollback")
        x.text = "transaction";
      return x;
  }
  return x;
}

} // namespace detail

} // namespace caf_pool
