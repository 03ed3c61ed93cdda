#pragma once

#include "caf_pool/backend/postgres/pg_options.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>

namespace caf_pool {

/// Looks whether a server takes logins, for all pools of the process that use
/// it: who wants to know while somebody looks shares that look, and what the
/// server said counts for a moment. So ten pools that miss a server which is
/// starting cost it no more connects than one.
///
/// Thread-safety: any thread at any time.
class pg_prober {
public:
  /// What a server said counts for so long. Nobody there is nobody's word.
  static constexpr duration moment = std::chrono::milliseconds{100};

  /// Returns the one prober of a server: of its hosts, its port, the database
  /// (poolers have one server for each) and how TLS is used.
  static std::shared_ptr<pg_prober> of(const pg_options& options);

  /// As `pg_look`.
  result<void> look(const pg_options& options, time_point deadline);

private:
  struct shared_look;

  result<void> share(const pg_options& options, time_point deadline);
  result<void> lead(const std::shared_ptr<shared_look>& mine,
                    const pg_options& options, time_point deadline);

  std::mutex mtx_;
  /// The look under way, or none.
  std::shared_ptr<shared_look> current_;
  /// What the server said last, and when that was.
  std::optional<result<void>> said_;
  time_point said_at_;
};

} // namespace caf_pool
