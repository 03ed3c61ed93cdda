#pragma once

#include "caf_pool/backend/registry.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/secret.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/settings/validate.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace caf_pool {

/// Everything that a connection to PostgreSQL can be told, checked and typed.
/// Defaults are those of `pg_option_table`.
struct pg_options {
  /// Names, addresses or directories of unix sockets; tried in this order.
  std::vector<std::string> hosts;
  std::uint16_t port = 0;
  std::string database;
  std::string user;
  secret password;
  std::string passfile;
  std::string application_name;
  std::string search_path;
  /// SQL that each new connection runs before anybody gets it.
  std::string init;
  /// "any", "read-write", "read-only", "primary" or "standby".
  std::string target_session_attrs;
  /// Settings of the session travel in the login; poolers may refuse that.
  bool startup_options = false;

  /// "auto", "none", "session" or "transaction": what is between us and the
  /// server.
  std::string pooler;
  /// "auto", "always" or "never".
  std::string prepare;

  // -- TLS --------------------------------------------------------------------

  /// Empty: `verify-full`, or `prefer` where no network is crossed.
  std::string sslmode;
  std::string sslrootcert;
  std::string sslcert;
  std::string sslkey;

  // -- limits -----------------------------------------------------------------

  /// Zero turns these three off.
  duration statement_timeout{};
  duration lock_timeout{};
  duration idle_in_transaction_timeout{};
  duration tcp_user_timeout{};
  duration keepalives_idle{};
  duration keepalives_interval{};
  std::uint32_t keepalives_count = 0;
  std::uint32_t statement_cache = 0;
  /// A statement is prepared when it comes for the so-many-th time.
  std::uint32_t prepare_after = 0;
  std::uint64_t max_result_bytes = 0;
  /// What a probe runs; empty: nothing at all.
  std::string validation_query;

  /// How many of `liveness_settings` the server takes: all of them until it
  /// refuses one. Shared by all copies.
  std::shared_ptr<std::atomic<std::size_t>> known_liveness
    = std::make_shared<std::atomic<std::size_t>>(5);

  /// Reads the options of a pool. Appends every problem to `problems`; if there
  /// is none, the result can be used.
  static pg_options from(const pool_config& config,
                         std::vector<config_problem>& problems);

  /// The TLS mode for one host.
  std::string sslmode_for(std::string_view host) const;

  /// What each session is set to, as names and values of SQL's SET: the limits
  /// of the options, and forms in which values lose nothing, whatever the
  /// server, the database or the role say.
  std::vector<std::pair<std::string, std::string>> session_settings() const;

  /// What makes the server notice that its client is gone, a running statement
  /// or not; oldest first, because old servers lack the later ones.
  std::vector<std::pair<std::string, std::string>> liveness_settings() const;

  /// The statements that make a session what it should be, after a login and
  /// after a full reset: settings that the login did not carry, then `init`.
  std::string session_sql() const;

  /// Tells whether each session has to be set up in a way that statements rely
  /// on. A limit for statements does not count: the pool has its own.
  bool wants_session() const noexcept;

  /// Describes the server without secrets: "app@db:5432/app".
  std::string describe() const;

  friend bool operator==(const pg_options&, const pg_options&) = default;
};

/// The keys, their defaults and one sentence each.
std::vector<backend_option> pg_option_table();

/// Tells whether a host is the directory of a unix socket.
bool pg_is_unix(std::string_view host) noexcept;

/// Returns `text` with every occurrence of the password masked.
std::string pg_scrub(std::string text, const secret& password);

} // namespace caf_pool
