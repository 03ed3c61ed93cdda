#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/front/loan.hpp"

#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace caf_pool {

class own_transaction;
struct pooled_connection;

/// The right to use a connection alone. Gives it back when destroyed; safe even
/// when the pool or its actor system is gone by then.
///
/// ~~~
/// auto conn = db.acquire(2s);
/// if (!conn)
///   return conn.error();
/// auto rows = conn->execute("SELECT 1");
/// ~~~
///
/// Thread-safety: one thread at a time; may move between threads.
class [[nodiscard]] lease {
public:
  lease() = default;

  explicit lease(const loan& held) noexcept : loan_(held) {
    // nop
  }

  lease(lease&& other) noexcept : loan_(std::exchange(other.loan_, {})) {
    // nop
  }

  lease& operator=(lease&& other) noexcept {
    if (this != &other) {
      release();
      loan_ = std::exchange(other.loan_, {});
    }
    return *this;
  }

  ~lease() {
    release();
  }

  /// Tells whether there is something to give back.
  explicit operator bool() const noexcept {
    return static_cast<bool>(loan_);
  }

  /// Runs a statement within the pool's `execute_timeout`, or within `limit`,
  /// be that shorter or longer. Returns `lease_lost` if the pool took the
  /// connection away, and `lease_released` after `release`.
  result<sql_result> execute(const sql_statement& what,
                             std::optional<duration> limit = {});

  /// Runs all of the statements in one transaction, or none. A statement that
  /// ends the transaction is an error.
  result<std::vector<sql_result>> transaction(
    const std::vector<sql_statement>& statements,
    std::optional<duration> limit = {});

  /// Does work of whatever kind the backend understands; statements as above.
  result<outcome> run(const work& what, std::optional<duration> limit = {});

  /// Gives the connection back; a second time is a no-op. What the holder left
  /// on it is removed before the next holder sees it.
  void release() noexcept;

  /// Gives the connection back to be closed. The reason goes to the log.
  void discard(std::string reason);

  /// Tells whether the pool took the connection away, or the server did.
  bool lost() const noexcept;

  /// The connection as its backend made it. Requires a lease that was not
  /// released.
  connection& get() const noexcept;

  connection_id id() const noexcept {
    return loan_.connection;
  }

protected:
  pooled_connection& pooled() const noexcept {
    return *static_cast<pooled_connection*>(loan_.object);
  }

private:
  friend class any_pool;

  std::optional<error> unusable() const;

  time_point deadline_of(std::optional<duration> limit) const;

  /// Commits what the function did if that is to be stored as a whole.
  result<void> commit_all_of(const std::function<result<void>(lease&)>& work,
                             time_point limit);

  loan loan_;
  /// The transaction of the pool's that the holder is in; null for none. Stays
  /// behind when the lease moves.
  own_transaction* inside_ = nullptr;
};

/// What a lease of a kind of connection offers. A backend whose server speaks
/// no SQL specialises it with calls in its own words.
template <class Connection>
class lease_words : public lease {
public:
  lease_words() = default;

  explicit lease_words(lease&& other) noexcept : lease(std::move(other)) {
    // nop
  }
};

/// A lease that knows what kind of connection it holds: `held->native()` is the
/// driver's own object.
template <class Connection>
class [[nodiscard]] typed_lease : public lease_words<Connection> {
public:
  typed_lease() = default;

  explicit typed_lease(lease&& other) noexcept
    : lease_words<Connection>(std::move(other)) {
    // nop
  }

  Connection* operator->() const noexcept {
    return &static_cast<Connection&>(this->get());
  }

  Connection& operator*() const noexcept {
    return static_cast<Connection&>(this->get());
  }
};

} // namespace caf_pool
