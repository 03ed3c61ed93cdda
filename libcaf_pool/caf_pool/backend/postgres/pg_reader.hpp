#pragma once

#include "caf_pool/backend/postgres/pg_types.hpp"
#include "caf_pool/core/sql_result.hpp"

#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace caf_pool {

/// Collects the portions of a result in typed cells, up to a limit in bytes.
/// Kept with the connection, so that it allocates only what it gives away.
///
/// Thread-safety: none.
class pg_reader {
public:
  explicit pg_reader(std::uint64_t limit) : limit_(limit) {
    // nop
  }

  /// Forgets the last result.
  void start_over();

  /// The command tag of the last statement that ended, e.g. "INSERT 0 1".
  const std::string& tag() const noexcept {
    return tag_;
  }

  /// Adds the rows of a portion, or the end of the result. Returns whether all
  /// of it is still within the limit.
  bool add(const PGresult* portion);

  std::uint64_t bytes() const noexcept {
    return bytes_;
  }

  /// The size of the largest row so far, in bytes on the wire.
  std::uint64_t largest_row() const noexcept {
    return largest_row_;
  }

  sql_result take() {
    return std::move(result_);
  }

private:
  void read_columns(const PGresult* portion);
  std::uint64_t read_row(const PGresult* portion, int row);
  void make_room(std::size_t more);

  std::uint64_t limit_;
  std::uint64_t bytes_ = 0;
  std::uint64_t largest_row_ = 0;
  bool started_ = false;
  std::string tag_;
  std::vector<pg_cell_kind> kinds_;
  sql_result result_;
};

} // namespace caf_pool
