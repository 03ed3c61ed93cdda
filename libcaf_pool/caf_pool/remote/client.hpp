#pragma once

#include "caf_pool/core/pool_event.hpp"
#include "caf_pool/core/pool_snapshot.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/verb.hpp"
#include "caf_pool/core/work.hpp"
#include "caf_pool/protocol/pool_health.hpp"
#include "caf_pool/remote/lease.hpp"
#include "caf_pool/remote/options.hpp"

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace caf_pool {

/// A node's pools, for programs without actors. This header is all it takes;
/// the library behind it contains no driver.
///
/// ~~~
/// auto db = caf_pool::remote_client::connect({"127.0.0.1:4700", token});
/// if (!db)
///   return complain(db.error());
/// auto rows = db->execute("main", {"SELECT name FROM item WHERE id = ?", {7}});
/// ~~~
///
/// Connects again by itself when the node went away; until then calls fail at
/// once with `node_unreachable`. A statement whose answer got lost fails with
/// `outcome_unknown` and is never sent again. No call takes longer than its
/// limit.
///
/// Thread-safety: all members from any thread, but for moving and destroying;
/// any number of calls at a time.
class remote_client {
public:
  using results = std::vector<sql_result>;
  using execute_handler = std::function<void(result<results>)>;
  using run_handler = std::function<void(result<outcome>)>;
  using acquire_handler = std::function<void(result<remote_lease>)>;
  using event_handler = std::function<void(const pool_event&)>;

  /// Connects and logs in. Returns `invalid_argument`, `node_unreachable`,
  /// `unauthorized`, `protocol_mismatch` or `overloaded`.
  static result<remote_client> connect(const remote_options& options);

  remote_client(remote_client&&) noexcept;
  remote_client& operator=(remote_client&&) noexcept;

  /// Leases that are still out stay valid objects; they are lost.
  ~remote_client();

  // -- statements -------------------------------------------------------------

  /// Acquires, executes and releases, at the node, within `limit` or the limit
  /// of the options.
  result<sql_result> execute(const std::string& pool, const sql_statement& what,
                             std::optional<duration> limit = {});

  /// Runs all of the statements in one transaction, or none.
  result<results> transaction(const std::string& pool,
                              const std::vector<sql_statement>& statements,
                              std::optional<duration> limit = {});

  /// Does not block. The handler is called once, on a thread of the client: do
  /// not block there.
  void execute_async(const std::string& pool,
                     const std::vector<sql_statement>& statements,
                     execute_handler handler,
                     std::optional<duration> limit = {});

  std::future<result<results>> execute_later(
    const std::string& pool, const std::vector<sql_statement>& statements,
    std::optional<duration> limit = {});

  /// As above for work of any kind, served as `how` says.
  result<outcome> run(const std::string& pool, const work& what,
                      const acquire_options& how = {});

  /// Does not block; as `execute_async`.
  void run_async(const std::string& pool, const work& what, run_handler handler,
                 const acquire_options& how = {});

  // -- leases -----------------------------------------------------------------

  /// Takes a connection, waits for one if need be.
  result<remote_lease> acquire(const std::string& pool,
                               std::optional<duration> wait = {});
  result<remote_lease> acquire(const std::string& pool,
                               const remote_acquire_options& how);

  /// Takes a connection that is free right now, or none.
  result<remote_lease> try_acquire(const std::string& pool);

  /// Does not block; as `execute_async`.
  void acquire_async(const std::string& pool, acquire_handler handler,
                     const remote_acquire_options& how = {});

  // -- questions --------------------------------------------------------------

  /// Returns `pool_not_found` with the names that exist if there is none.
  result<void> find(const std::string& pool);

  result<std::vector<std::string>> list();

  result<pool_snapshot> snapshot(const std::string& pool);

  /// Of all pools if none is named.
  result<std::vector<pool_health>> health(const std::string& pool = {});

  /// From now on calls the handler for each event of a pool, or of all pools if
  /// the name is empty, also after the connection was lost and made again.
  /// Waits until the node knows, if it is connected. One handler per name; runs
  /// on a thread of the client: do not block there.
  void subscribe(const std::string& pool, event_handler handler);

  /// Ends that. Events that are on their way may still come, until the client
  /// is destroyed.
  void unsubscribe(const std::string& pool);

  /// Pauses, resumes, drains and so on. Needs the role `operate`; `limit` is
  /// for `drain`.
  result<void> control(const std::string& pool, verb what,
                       duration limit = duration::zero());

  // -- the connection ---------------------------------------------------------

  bool connected() const;

  /// Name of the node, once connected.
  std::string node() const;

private:
  struct impl;
  explicit remote_client(std::unique_ptr<impl> x);

  std::unique_ptr<impl> impl_;
};

} // namespace caf_pool
