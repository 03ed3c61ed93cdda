#pragma once

#include "caf_pool/backend/registry.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/settings/setting_text.hpp"
#include "caf_pool/settings/validate.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// Reads the options of a pool as the types that its backend wants, and
/// collects what is wrong with them:
///
/// ~~~
/// option_reader in{config, my_option_table(), problems};
/// out.path = in.text("path");
/// out.port = in.number<std::uint16_t>("port", 1, 65535);
/// out.mode = in.choice<my_mode>("mode");
/// ~~~
///
/// An option that is not given has the default of the backend's table. One with
/// a wrong value has it, too, so that the other problems are found. To read a
/// key that the table lacks is a mistake of the backend: it throws
/// `std::out_of_range`.
///
/// Thread-safety: none.
class option_reader {
public:
  /// Appends to `problems`, which must outlive this, as must `config`.
  option_reader(const pool_config& config, std::vector<backend_option> table,
                std::vector<config_problem>& problems);

  /// Returns any text without zero bytes.
  std::string text(std::string_view key);

  /// Returns one of `allowed`; or nothing, if that is the default.
  std::string word(std::string_view key,
                   std::span<const std::string_view> allowed);

  /// Returns the enumerator with the name that is given.
  template <setting_enum T>
  T choice(std::string_view key) {
    return static_cast<T>(choice_of(key, names_of(T{})));
  }

  bool flag(std::string_view key);

  /// Returns a number from `min` to `max`.
  template <std::unsigned_integral T>
  T number(std::string_view key, T min, T max) {
    return static_cast<T>(number_of(key, min, max));
  }

  /// Returns a duration from `min` to `max`, or 0 for none.
  duration time(std::string_view key, duration min, duration max);

  /// Adds a problem of an option, which shows the value that is given.
  void refuse(std::string_view key, std::string why);

  /// Adds a problem of an option whose value may hold a secret.
  void refuse_unseen(std::string_view key, std::string why);

  /// Refuses what is given but not in the table, with the nearest key that is.
  /// The registry does so for every backend.
  void refuse_unknown(std::string_view backend);

private:
  const backend_option& declared(std::string_view key) const;

  /// Returns the text that is given, or the default.
  std::string written(std::string_view key) const;

  std::size_t choice_of(std::string_view key,
                        std::span<const std::string_view> names);
  std::uint64_t number_of(std::string_view key, std::uint64_t min,
                          std::uint64_t max);

  const pool_config& config_;
  std::vector<backend_option> table_;
  std::vector<config_problem>& problems_;
};

} // namespace caf_pool
