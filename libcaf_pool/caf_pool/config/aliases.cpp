#include "caf_pool/config/aliases.hpp"

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
  {"pool_timeout", "acquire_timeout"},
  {"connect_timeout", "open_timeout"},
  {"command_timeout", "execute_timeout"},
  {"pool_recycle", "max_lifetime"},
  {"idle_timeout", "max_idle_time"},
  {"pool_pre_ping", "validate_on_acquire"},
  {"validate_on_checkout", "validate_on_acquire"},
  {"validate_on_return", "validate_on_release"},
  {"validation_timeout", "health_check_timeout"},
  {"keepalive_interval", "health_check_interval"},
  {"reset_on_return", "reset_on_release", reset_switch},
  {"pool_reset_on_return", "reset_on_release", reset_switch},
  {"pool_use_lifo", "order", lifo_switch},
  {"leak_detection_threshold", "leak_threshold"},
  {"max_retry_attempts", "retry.attempts"},
  {"initial_retry_delay", "retry.start"},
  {"max_retry_delay", "retry.cap"},
  {"retry_backoff_multiplier", "retry.factor"},
  {"retry_jitter", "retry.jitter"},
  {"enable_pool_metrics", "metrics"},
};

} // namespace

std::span<const alias> aliases() noexcept {
  return alias_table;
}

namespace detail {

raw_value translate(alias_form form, raw_value x) {
  switch (form) {
    case same:
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
