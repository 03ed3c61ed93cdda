#pragma once

#include "caf_pool/core/redis_command.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// A Lua script, known to servers by its digest.
///
/// ~~~
/// static const redis_script take{"return redis.call('DECRBY', KEYS[1], "
///                                "ARGV[1])"};
/// auto left = cache.script(take, {"stock:7"}, {2});
/// ~~~
///
/// Thread-safety: a plain value.
class redis_script {
public:
  /// With `reads_only`, the server refuses writes of the script, and it may be
  /// sent again after a loss. Needs Redis 7.
  explicit redis_script(std::string text, bool reads_only = false);

  const std::string& text() const noexcept {
    return text_;
  }

  /// SHA-1 in 40 hexadecimal digits.
  const std::string& digest() const noexcept {
    return digest_;
  }

  /// Returns the command that runs it on servers that know it.
  redis_command call(const std::vector<std::string>& keys,
                     const std::vector<std::string>& arguments) const;

  /// Returns the command that makes it known.
  redis_command load() const;

private:
  std::string text_;
  std::string digest_;
  bool reads_only_;
};

} // namespace caf_pool
