#pragma once

#include "caf_pool/core/time.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace caf_pool {

class pg_channel;

/// What the connections of a pool learned of statements, for each other.
///
/// A statement is *harmless* if the server says that it calls only functions
/// that are PARALLEL SAFE: those must neither change data nor settings, nor
/// leave anything in the session. The server's planner looks through views,
/// policies, operators and casts, so nothing has to read SQL. Others may change
/// what a statement calls, so a proof holds for a second. Half-way through, one
/// connection renews it, so that the others need not all ask at its end.
///
/// Thread-safety: all members from any thread.
class pg_proofs {
public:
  static constexpr duration lifetime = std::chrono::seconds{1};

  struct proof {
    bool harmless = false;
    /// When to look again.
    time_point until;
  };

  /// Returns what is known of a statement at `now`. Returns nothing, too, if it
  /// is the caller's turn to renew the proof.
  std::optional<proof> find(const std::string& text, time_point now);

  /// Remembers what the server said at `now`.
  void keep(const std::string& text, bool harmless, time_point now);

  /// Forgets all, because a connection of the pool changed the schema.
  void forget();

  /// Says that what was learned when statements were prepared is outdated.
  void outdate_prepared() noexcept {
    ++prepared_epoch_;
  }

  /// Changes whenever proofs are forgotten.
  std::uint64_t epoch() const noexcept {
    return epoch_.load();
  }

  /// Changes whenever prepared statements are outdated.
  std::uint64_t prepared_epoch() const noexcept {
    return prepared_epoch_.load();
  }

private:
  static constexpr std::size_t capacity = 4096;

  /// How long one connection may take to renew a proof before another tries.
  static constexpr duration turn = lifetime / 8;

  struct entry {
    bool harmless = false;
    time_point until;
    /// When the next connection that looks renews it.
    time_point renewal;
  };

  std::mutex mtx_;
  std::unordered_map<std::string, entry> known_;
  std::atomic<std::uint64_t> epoch_ = 1;
  std::atomic<std::uint64_t> prepared_epoch_ = 1;
};

/// A statement to be proven.
struct pg_question {
  std::string text;
  /// How many parameters it has, all of them of types that the server infers.
  int parameters = 0;
};

/// Asks the server whether a query is harmless; costs four round trips and runs
/// nothing. The query must have returned rows before, so that it is known to be
/// one statement; whatever is no plain query is no proof. Requires a session
/// that is clean and without a transaction. Returns nothing if the connection
/// did not survive the question.
std::optional<bool> pg_is_harmless(pg_channel& channel, const pg_question& what,
                                   time_point deadline);

} // namespace caf_pool
