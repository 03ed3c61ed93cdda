#include "caf_pool/config/state_folder.hpp"

#include <system_error>

namespace caf_pool {

namespace fs = std::filesystem;

std::optional<state_folder_choice> pick_state_folder(
  const environment_map& variables) {
  auto value_of = [&](std::string_view name) {
    auto i = variables.find(name);
    return i == variables.end() ? std::string{} : i->second;
  };
  // systemd lists several folders with colons; the first is the node's own.
  auto own = value_of("STATE_DIRECTORY");
  own.resize(std::min(own.find(':'), own.size()));
  if (fs::path{own}.is_absolute())
    return state_folder_choice{own, "STATE_DIRECTORY"};
  if (fs::path home = value_of("XDG_STATE_HOME"); home.is_absolute())
    return state_folder_choice{(home / "caf_pool").string(), "XDG_STATE_HOME"};
  if (fs::path home = value_of("HOME"); home.is_absolute())
    return state_folder_choice{
      (home / ".local" / "state" / "caf_pool").string(), "HOME"};
  return std::nullopt;
}

result<void> make_state_folder(const node_config& node) {
  fs::path path = node.state_folder;
  std::error_code ec;
  if (path.empty() || fs::is_directory(path, ec))
    return {};
  fs::create_directories(path, ec);
  if (!ec)
    fs::permissions(path, fs::perms::owner_all, ec);
  if (ec)
    return error{errc::config_invalid,
                 "the state folder " + path.string() + " cannot be made ("
                   + ec.message()
                   + "); set node.state_folder to a folder that this user may "
                     "write to",
                 {}};
  return {};
}

} // namespace caf_pool
