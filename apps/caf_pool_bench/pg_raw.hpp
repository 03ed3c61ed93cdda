#pragma once

#include <cstdint>
#include <memory>
#include <string>

struct pg_conn;
struct pg_result;

namespace caf_pool::bench {

/// The statement that all figures with PostgreSQL run; see `fill`.
inline constexpr const char* select_text
  = "SELECT balance FROM bench_account WHERE id = $1";

/// Rows of the table that it reads.
inline constexpr std::int64_t accounts = 10'000;

/// A connection by libpq and nothing else: the baseline of what a pool costs.
/// Throws `std::runtime_error`.
///
/// Thread-safety: one thread at a time.
class raw_postgres {
public:
  explicit raw_postgres(const std::string& conninfo);

  /// Tells whether the server accepts connections, without logging in.
  static bool serves(const std::string& conninfo);

  /// Prepares `select_text`.
  void prepare();

  /// Reads one account; by the prepared statement, or without.
  std::int64_t select_prepared(std::int64_t id);
  std::int64_t select_once(std::int64_t id);

  /// Runs statements without parameters; returns the first cell, or nothing.
  std::string run(const std::string& sql);

private:
  struct closer {
    void operator()(pg_conn* x) const noexcept;
    void operator()(pg_result* x) const noexcept;
  };

  using answer = std::unique_ptr<pg_result, closer>;

  std::int64_t number(answer x);
  answer check(pg_result* x);

  std::unique_ptr<pg_conn, closer> conn_;
};

/// Makes the table that `select_text` reads, once.
void fill(const std::string& conninfo);

} // namespace caf_pool::bench
