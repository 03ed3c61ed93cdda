#pragma once

#include "caf_pool/backend/pg_traits.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
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
    /// The name under which the server holds it; empty if it does not.
    std::string name;
    /// Whether its last result was so small that there is no need to take it in
    /// portions.
    bool small = false;
    /// The parameters that are bytes: part of what was prepared.
    std::vector<bool> binary;
  };

  /// Texts longer than this, in bytes, are not worth remembering.
  static constexpr std::size_t max_text = 16384;

  explicit pg_statement_cache(std::size_t capacity) : capacity_(capacity) {
    // nop
  }

  /// Returns the entry of a text, made if need be and counted as used. It is
  /// valid until the next call.
  entry& use(std::string_view text);

  /// Gives a name that no other statement of this connection had.
  std::string next_name();

  /// Forgets that the server holds this one.
  void forget(entry& x);

  /// Forgets that the server holds any: somebody dropped them.
  void forget_all();

  /// Returns SQL that drops what the server holds in vain, once that is worth a
  /// round trip; empty otherwise. The caller runs it.
  std::string take_garbage();

  /// Tells whether another statement may be prepared.
  bool may_prepare() const noexcept {
    return capacity_ > 0 && garbage_.size() < max_garbage;
  }

  std::size_t size() const noexcept {
    return entries_.size();
  }

private:
  static constexpr std::size_t collect_at = 16;
  static constexpr std::size_t max_garbage = 64;

  void evict();

  std::size_t capacity_;
  std::uint64_t names_ = 0;
  // Most recently used first.
  std::list<entry> entries_;
  std::unordered_map<std::string_view, std::list<entry>::iterator> index_;
  std::vector<std::string> garbage_;
  // Holds the statement that is too long or for which there is no room.
  entry passing_;
};

} // namespace caf_pool
