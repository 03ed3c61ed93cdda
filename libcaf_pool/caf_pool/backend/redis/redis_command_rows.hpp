#pragma once

#include "caf_pool/backend/redis/redis_command_table.hpp"

#include <span>

namespace caf_pool {

/// The words in which the rows of the tables are written.
struct redis_row_words {
  using enum redis_command_kind;
  using enum redis_access;

  static constexpr bool administrative = true;

  static constexpr redis_keys none{};
  static constexpr redis_keys one{1, 1, 1};
  static constexpr redis_keys two{1, 2, 1};
  static constexpr redis_keys all{1, -1, 1};
  static constexpr redis_keys all_but_last{1, -2, 1};
  static constexpr redis_keys pairs{1, -1, 2};
  /// The first argument is a word.
  static constexpr redis_keys second{2, 2, 1};
  static constexpr redis_keys from_second{2, -1, 1};
  static constexpr redis_keys third{3, 3, 1, redis_key_search::migrate};

  static constexpr redis_keys counted_at(std::int8_t where) {
    return {0, 0, 0, redis_key_search::counted, where};
  }

  static constexpr redis_keys one_and_counted_at(std::int8_t where) {
    return {1, 1, 1, redis_key_search::counted, where};
  }

  static constexpr redis_keys counted_pairs{0, 0, 0,
                                            redis_key_search::counted_pairs, 1};
  static constexpr redis_keys streams{0, 0, 0, redis_key_search::streams};
  static constexpr redis_keys one_and_store{1, 1, 1,
                                            redis_key_search::sort_store};
  static constexpr redis_keys one_and_geo_store{1, 1, 1,
                                                redis_key_search::geo_store};
};

/// The commands without sub-commands.
std::span<const redis_command_facts> redis_command_rows();

/// The sub-commands, those of one command behind each other. A command that
/// does something by itself, too, comes before its sub-commands.
std::span<const redis_command_facts> redis_subcommand_rows();

} // namespace caf_pool
