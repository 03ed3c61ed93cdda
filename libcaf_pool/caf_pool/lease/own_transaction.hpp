#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/lease/pooled_connection.hpp"

#include <cstddef>
#include <string_view>

namespace caf_pool {

/// A transaction that the pool begins and ends for a caller, and whose outcome
/// it answers for: `commit` succeeds only if everything that was executed in
/// it is stored.
///
/// - A statement that fails dooms it, with every backend as with PostgreSQL:
///   nothing more is executed until ROLLBACK TO a savepoint, and it is rolled
///   back in the end.
/// - A statement that ends it, such as COMMIT, is an error, even if it begins
///   another one at once.
///
/// Thread-safety: none.
class own_transaction {
public:
  /// Nothing in it is executed after `limit`.
  explicit own_transaction(pooled_connection& on, time_point limit = never);

  own_transaction(const own_transaction&) = delete;
  own_transaction& operator=(const own_transaction&) = delete;

  /// `never` if there is none.
  time_point limit() const noexcept {
    return limit_;
  }

  result<void> begin(time_point deadline);

  result<sql_result> execute(const sql_statement& what, time_point deadline);

  /// Takes note of a request that was refused before it came here.
  void refused(const error& why);

  /// Commits, or rolls back and says why.
  result<void> commit(time_point deadline);

  /// Rolls back if there is something to roll back. Breaks the connection if
  /// that fails, because the transaction must not go on.
  void roll_back();

private:
  bool is_over() const;
  /// Keeps in mind how it ended, and returns that.
  error ended_by_statement();
  error doomed(std::string_view then) const;
  time_point within(time_point deadline) const;

  pooled_connection& on_;
  time_point limit_;
  transaction_ends before_;
  /// How many statements were executed.
  std::size_t executed_ = 0;
  /// Why it cannot be committed.
  error doom_;
  /// That says what became of the transaction, too.
  bool told_ = false;
  /// It ended before its time.
  bool over_ = false;
};

/// Tells whether something is to be committed or rolled back.
constexpr bool is_open(transaction_status x) noexcept {
  return x == transaction_status::open || x == transaction_status::failed;
}

/// What to say to who wants a transaction within another one.
error already_open();

/// Returns an error if a statement that stood for itself left a transaction
/// open. Rolls it back.
error open_end_of(pooled_connection& on);

} // namespace caf_pool
