#pragma once

#include <string>
#include <string_view>

namespace caf_pool {

/// The names of a cache's keys at the server: "prefix:v1:{key}" for a value,
/// and what belongs to it beside it, in the same slot of a cluster.
///
/// Control characters, blanks, braces and "%" are written as "%41", so that
/// different keys have different names, and a list of them can be read.
///
/// Thread-safety: a plain value.
class cache_keys {
public:
  explicit cache_keys(std::string_view prefix);

  std::string value_of(std::string_view key) const;

  /// Where the generation of a key lies, which changes with each erasure.
  std::string generation_of(std::string_view key) const;

  std::string lock_of(std::string_view key) const;

  std::string tag(std::string_view name) const;

  /// Returns the key whose value has this name; empty for other names.
  std::string key_of(std::string_view value_name) const;

  /// What all names begin with.
  const std::string& begin() const noexcept {
    return begin_;
  }

private:
  std::string begin_;
};

} // namespace caf_pool
