#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/core/work.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace caf_pool {

class remote_link;
struct remote_lease_state;

/// The right to use a connection of a node alone. Gives it back when destroyed;
/// safe even when the client is gone by then.
///
/// ~~~
/// auto conn = db->acquire("main", 2s);
/// if (!conn)
///   return conn.error();
/// conn->execute("BEGIN");
/// ~~~
///
/// The node takes it away when this process is silent for longer than the
/// node's `lease_ttl`: frozen, dead or cut off. What was not committed is
/// rolled back then, and every later use returns `lease_lost`.
///
/// Thread-safety: one thread at a time, but for `lost`; may move between
/// threads.
class [[nodiscard]] remote_lease {
public:
  remote_lease() = default;

  remote_lease(std::shared_ptr<remote_link> link,
               std::shared_ptr<remote_lease_state> state, duration limit);

  remote_lease(remote_lease&& other) noexcept;
  remote_lease& operator=(remote_lease&& other) noexcept;
  ~remote_lease();

  /// Tells whether there is something to give back.
  explicit operator bool() const noexcept {
    return state_ != nullptr;
  }

  /// Runs a statement within `limit`, or within the client's own. Returns
  /// `lease_released` after `release`, and `outcome_unknown` if the answer got
  /// lost.
  result<sql_result> execute(const sql_statement& what,
                             std::optional<duration> limit = {});

  /// Runs all of the statements in one transaction, or none.
  result<std::vector<sql_result>> transaction(
    const std::vector<sql_statement>& statements,
    std::optional<duration> limit = {});

  /// Does work of whatever kind the backend understands; statements as above.
  result<outcome> run(const work& what, std::optional<duration> limit = {});

  /// Gives the connection back; a second time is a no-op. What the holder left
  /// on it is removed before the next holder sees it.
  void release() noexcept;

  /// Gives the connection back to be closed. The reason goes to the node's log.
  void discard(const std::string& reason) noexcept;

  /// Tells whether the node took it away, or must have by now.
  bool lost() const;

private:
  void give_back(const std::string& broken) noexcept;

  std::shared_ptr<remote_link> link_;
  std::shared_ptr<remote_lease_state> state_;
  duration limit_ = duration::zero();
};

} // namespace caf_pool
