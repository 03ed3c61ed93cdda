#pragma once

#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/result.hpp"

#include <functional>
#include <string_view>
#include <vector>

namespace caf_pool::cluster {

/// What has to be known of commands to send them to the right nodes. Who uses
/// it gives the functions; they are called from the thread that uses it.
struct command_facts {
  /// Returns the keys of a command in their order, none if it has none. The
  /// texts live as long as the command. An error says why they cannot be told.
  std::function<result<std::vector<std::string_view>>(const redis_command&)>
    keys_of;
  /// Tells whether a command changes nothing for sure.
  std::function<bool(const redis_command&)> is_read;
};

} // namespace caf_pool::cluster
