#pragma once

#include "support/process.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool::test {

/// A folder for one test; gone with the object.
struct scratch_folder {
  std::filesystem::path path;

  scratch_folder();
  ~scratch_folder();

  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  /// Writes a file for its owner alone and returns its path.
  std::string write(const std::string& name, const std::string& text) const;
};

/// Returns the program that an environment variable names; fails the test if
/// there is none.
std::string program(const char* variable);

/// How to start caf_pool_node with these arguments, or else on the profile dev:
/// free ports, everything that it writes in `folder`. Machines for tests often
/// have no user but root, which a node refuses: there it is told --allow-root.
process_options node_options(const scratch_folder& folder,
                             std::vector<std::string> arguments = {});

/// Returns what stands behind "key=" in the readiness line.
std::string value_of(const std::string& line, const std::string& key);

/// The port of an address such as "127.0.0.1:4700".
std::uint16_t port_of(const std::string& address);

/// A node that is ready. What its limits are for tests of their own, a machine
/// that stands still for seconds does not run into them.
struct running_node {
  scratch_folder folder;
  process node;
  /// Addresses of the gate and of the admin server.
  std::string remote;
  std::string admin;

  /// On the profile dev.
  running_node();

  /// On a file of this content.
  explicit running_node(const std::string& configuration);

  finished_process ctl(std::vector<std::string> arguments) const;

  /// Waits until ctl succeeds and shows `part`: a pool that is late is shown as
  /// not answering meanwhile.
  bool ctl_shows(const std::vector<std::string>& arguments,
                 std::string_view part) const;

  std::uint16_t admin_port() const {
    return port_of(admin);
  }

private:
  void wait_until_ready();
};

} // namespace caf_pool::test
