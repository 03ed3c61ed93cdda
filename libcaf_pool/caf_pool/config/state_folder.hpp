#pragma once

#include "caf_pool/config/environment.hpp"
#include "caf_pool/core/node_config.hpp"
#include "caf_pool/core/result.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace caf_pool {

/// In paths of configuration files, stands for the node's state folder:
/// "${state}/dev.sqlite".
inline constexpr std::string_view state_placeholder = "${state}";

/// A folder for files that a node writes, and the variable that named it.
struct state_folder_choice {
  std::string path;
  /// "STATE_DIRECTORY", "XDG_STATE_HOME" or "HOME".
  std::string variable;
};

/// Picks the state folder of a node that names none: what the service manager
/// made for it ($STATE_DIRECTORY), else caf_pool in $XDG_STATE_HOME or in
/// ~/.local/state. Nothing if there is no absolute path among them.
std::optional<state_folder_choice> pick_state_folder(
  const environment_map& variables);

/// Makes the node's state folder, for its user alone, unless it exists. Does
/// nothing if the node has none.
result<void> make_state_folder(const node_config& node);

} // namespace caf_pool
