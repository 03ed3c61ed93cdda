#pragma once

#include "caf_pool/core/node_config.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/time.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace caf_pool {

/// Names one key of a configuration. Numbers and durations have a range, both
/// ends included; `doc` is the sentence that config/base.toml shows.
template <class T>
struct setting {
  std::string_view key;
  std::string_view doc;
  T min{};
  T max{};
};

/// A key whose value is text: one of `allowed`, or any if that is empty.
template <>
struct setting<std::string> {
  std::string_view key;
  std::string_view doc;
  std::span<const std::string_view> allowed;
};

namespace detail {

inline constexpr duration zero = duration::zero();
inline constexpr duration millisecond = std::chrono::milliseconds{1};
inline constexpr duration second = std::chrono::seconds{1};
inline constexpr duration day = std::chrono::hours{24};

} // namespace detail

} // namespace caf_pool

#include "caf_pool/settings/settings_node.hpp"
#include "caf_pool/settings/settings_overload.hpp"
#include "caf_pool/settings/settings_table.hpp"

namespace caf_pool {

/// Calls `f(setting, field)` for every key of a pool but its name, backend,
/// backend options and password, in the order of config/base.toml. Nested
/// groups have dotted keys. The one table that loader, environment, validation,
/// `config show` and the shipped files share.
template <class Config, class F>
void for_each_setting(Config& x, F&& f) {
  detail::size_settings(x, f);
  detail::limit_settings(x, f);
  detail::lifetime_settings(x, f);
  detail::health_settings(x, f);
  detail::fairness_settings(x, f);
  detail::retry_settings(x, f);
  detail::breaker_settings(x, f);
  detail::breaker_open_settings(x, f);
}

/// The same for every key of a node but its profile and its pools; all keys
/// are dotted ("node.name", "remote.port").
template <class Config, class F>
void for_each_node_setting(Config& x, F&& f) {
  detail::node_settings(x, f);
  detail::remote_settings(x, f);
  detail::edge_settings(x, f);
}

} // namespace caf_pool
