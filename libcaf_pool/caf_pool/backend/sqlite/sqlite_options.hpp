#pragma once

#include "caf_pool/backend/registry.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/settings/validate.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// What the connections of a pool may do with the file.
enum class sqlite_mode : std::uint8_t {
  /// Read and write; a file that does not exist is created.
  create,
  /// Read and write an existing file.
  write,
  /// Read an existing file.
  read,
};

/// How much is flushed to the disk before a commit returns.
enum class sqlite_synchronous : std::uint8_t { off, normal, full, extra };

std::span<const std::string_view> names_of(sqlite_mode);
std::span<const std::string_view> names_of(sqlite_synchronous);

/// The options of a SQLite pool, checked and typed. Defaults are those of
/// `sqlite_option_table`.
struct sqlite_options {
  /// Absolute, or ":memory:".
  std::string path;
  sqlite_mode mode{};
  bool wal = false;
  sqlite_synchronous synchronous{};
  bool foreign_keys = false;
  std::uint64_t cache_bytes = 0;
  std::uint32_t statement_cache = 0;
  bool attach = false;
  std::string init;

  // -- of the pool -----------------------------------------------------------

  /// Reads the file, unlike `SELECT 1`.
  std::string validation_query = "SELECT 1 FROM sqlite_master LIMIT 1";

  std::uint64_t max_result_bytes = 0;
  /// How long a lock is waited for by who has the driver's handle.
  duration busy_limit{};

  bool in_memory() const noexcept {
    return path == ":memory:";
  }

  bool read_only() const noexcept {
    return mode == sqlite_mode::read;
  }

  /// Reads the options of a pool. Appends every problem to `problems`; if there
  /// is none, the result can be used. Unknown keys are the registry's business.
  static sqlite_options from(const pool_config& config,
                             std::vector<config_problem>& problems);

  friend bool operator==(const sqlite_options&, const sqlite_options&)
    = default;
};

/// The keys, their defaults and one sentence each.
std::vector<backend_option> sqlite_option_table();

} // namespace caf_pool
