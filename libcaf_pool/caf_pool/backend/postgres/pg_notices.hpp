#pragma once

#include "caf_pool/core/sql_result.hpp"

#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace caf_pool {

/// One message that the server sent beside its replies.
struct pg_notice {
  /// "WARNING", "NOTICE", "INFO", ...
  std::string severity;
  std::string sqlstate;
  std::string text;

  friend bool operator==(const pg_notice&, const pg_notice&) = default;
};

/// Keeps the last notices of a connection, and why the server hung up: on an
/// idle connection the reason arrives as a notice, too.
///
/// Thread-safety: used by the connection's thread only.
class pg_notices {
public:
  static constexpr std::size_t capacity = 32;

  /// Longer texts are cut, in bytes.
  static constexpr std::size_t max_text = 4096;

  /// Makes this the receiver of all notices of a handle, which must not
  /// outlive it. Whatever libpqxx wants to hear is passed on.
  explicit pg_notices(PGconn* raw);

  pg_notices(const pg_notices&) = delete;
  pg_notices& operator=(const pg_notices&) = delete;

  /// Restores that after somebody else had the handle.
  void attach(PGconn* raw);

  /// Returns the notices since the last call, oldest first.
  std::vector<pg_notice> take();

  void clear() noexcept {
    kept_.clear();
  }

  /// Returns the first warnings since the last call, `sql_result::max_warnings`
  /// at most.
  std::vector<sql_warning> take_warnings() noexcept {
    return std::exchange(warnings_, {});
  }

  /// Counts the notices so far.
  std::uint64_t count() const noexcept {
    return count_;
  }

  /// Returns the last words of the server; empty texts if there are none.
  const pg_notice& last_words() const noexcept {
    return last_words_;
  }

private:
  static void receive(void* self, const PGresult* what);

  void keep(const PGresult* what);

  std::deque<pg_notice> kept_;
  std::vector<sql_warning> warnings_;
  std::uint64_t count_ = 0;
  pg_notice last_words_;
  PQnoticeReceiver next_ = nullptr;
};

/// Returns a field of an error or notice, empty if it is not there.
inline std::string pg_field(const PGresult* what, int code) {
  auto* str = PQresultErrorField(what, code);
  return str != nullptr ? str : "";
}

} // namespace caf_pool
