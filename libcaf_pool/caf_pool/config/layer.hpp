#pragma once

#include "caf_pool/config/origin.hpp"
#include "caf_pool/config/raw_value.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool::detail {

/// Nobody reads more problems than this at once, and a hostile file would make
/// a million: whoever collects them stops looking here.
inline constexpr std::size_t max_problems = 100;

/// One "key = value" of a file, of the environment or of the command line.
struct assignment {
  /// Dotted; every part consists of letters, digits, '-' and '_'.
  std::string key;
  raw_value value;
  /// Where the value is.
  origin from;
  /// Where the key is.
  origin key_from;
  /// Somebody asked for it: whatever nobody asks for is an unknown key.
  bool used = false;
};

enum class layer_kind : std::uint8_t { file, environment, command_line };

/// All assignments of one source. A later layer wins over an earlier one.
class layer {
public:
  explicit layer(layer_kind what) : kind(what) {
    // nop
  }

  // The map points into the deque; moving leaves its elements in place.
  layer(layer&&) = default;
  layer& operator=(layer&&) = default;

  layer_kind kind;
  /// Folder of the file, to which the paths in it are relative.
  std::filesystem::path folder;
  /// Why a file may not hold a password ("is readable by everybody"); empty
  /// if it may.
  std::string exposure;

  void add(assignment x);

  /// Returns all assignments with that key, and marks them as used.
  std::vector<assignment*> find(std::string_view key);

  /// Tells whether there is an assignment with that key, without marking it.
  bool contains(std::string_view key) const;

  /// All assignments in the order in which they were added.
  std::deque<assignment>& entries() noexcept {
    return entries_;
  }

  const std::deque<assignment>& entries() const noexcept {
    return entries_;
  }

private:
  // A deque, because the map holds views of its keys.
  std::deque<assignment> entries_;
  std::multimap<std::string_view, assignment*> by_key_;
};

} // namespace caf_pool::detail
