#pragma once

#include "caf_pool/backend/postgres/pg_proofs.hpp"
#include "caf_pool/backend/postgres/pg_traits.hpp"
#include "caf_pool/core/lru.hpp"

#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// Remembers the statements that a connection ran last, and which of them the
/// server holds prepared. Belongs to one connection and dies with it.
///
/// Thread-safety: none.
class pg_statement_cache {
public:
  struct entry {
    std::string text;
    pg_traits traits;
    std::uint64_t uses = 0;
    /// Whether it will be there next time.
    bool kept = false;

    // -- prepared -------------------------------------------------------------

    /// The name under which the server holds it; empty if it does not.
    std::string name;
    /// The types of the parameters: part of what was prepared.
    std::vector<Oid> types;
    /// Of `pg_proofs`, when the server was asked for the types.
    std::uint64_t prepared_epoch = 0;
    /// Somebody else prepared it on a session that a pooler shares.
    bool adopted = false;
    /// Not worth trying to prepare, until the epoch changes.
    bool unfit = false;

    // -- proven ---------------------------------------------------------------

    pg_proofs::proof proof;
    /// Of `pg_proofs`, when the proof was found.
    std::uint64_t proof_epoch = 0;
  };

  /// Texts longer than this, in bytes, are not worth remembering.
  static constexpr std::size_t max_text = 16384;

  explicit pg_statement_cache(std::size_t capacity) : entries_(capacity) {
    // nop
  }

  /// Returns the entry of a text, made if need be and counted as used. It is
  /// valid until the next call.
  entry& use(std::string_view text);

  /// Forgets that the server holds this one.
  void forget(entry& x);

  /// Forgets that the server holds any: somebody dropped them.
  void forget_all();

  /// Uses none of them any more, though the server may hold them still:
  /// somebody dropped some.
  void doubt_all();

  /// Tells whether the server may still hold a statement of that name which is
  /// not used any more.
  bool is_garbage(std::string_view name) const;

  /// Returns statements that drop what the server holds in vain, once that is
  /// worth a round trip or if `name` is among it; none otherwise. The caller
  /// runs them; one fails if somebody was faster.
  std::vector<std::string> take_garbage(std::string_view name);

  /// Tells whether another statement may be prepared; `dropping` if garbage can
  /// be dropped before.
  bool may_prepare(bool dropping) const noexcept {
    return entries_.capacity() > 0
           && (dropping || garbage_.size() < max_garbage);
  }

private:
  static constexpr std::size_t collect_at = 16;
  static constexpr std::size_t max_garbage = 64;

  lru<entry, &entry::text> entries_;
  std::vector<std::string> garbage_;
  // Holds the statement that is too long or for which there is no room.
  entry passing_;
};

} // namespace caf_pool
