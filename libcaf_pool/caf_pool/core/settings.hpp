#pragma once

#include <cstdint>
#include <string_view>

#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/time.hpp"

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

/// Calls `f(setting, field)` for every key of a pool but its name, backend,
/// backend options and password, in the order of config/base.toml. Nested
/// groups have dotted keys. The one table that loader, environment, validation,
/// `config show` and the shipped files share.
template <class Config, class F>
void for_each_setting(Config& x, F&& f);

} // namespace caf_pool

#include "caf_pool/core/settings_table.hpp"
