#include "node_program.hpp"

#include "support/catch_compat.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace caf_pool::test {

namespace fs = std::filesystem;

scratch_folder::scratch_folder() {
  auto pattern = (fs::temp_directory_path() / "caf_pool_XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  path = pattern;
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

std::string scratch_folder::write(const std::string& name,
                                  const std::string& text) const {
  auto file = path / name;
  std::ofstream{file} << text;
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  return file.string();
}

std::string program(const char* variable) {
  auto* path = std::getenv(variable);
  INFO(variable << " names the program; ctest sets it");
  REQUIRE(path != nullptr);
  return path;
}

process_options node_options(const scratch_folder& folder,
                             std::vector<std::string> arguments) {
  process_options result;
  result.command = {program("CAF_POOL_NODE")};
  if (arguments.empty())
    arguments = {"--profile", "dev", "--config",
                 std::string{CAF_POOL_SOURCE_DIR} + "/config"};
  if (::geteuid() == 0)
    arguments.emplace_back("--allow-root");
  result.command.insert(result.command.end(), arguments.begin(),
                        arguments.end());
  result.environment
    = {{"XDG_STATE_HOME", folder.path.string()},
       {"STATE_DIRECTORY", ""},
       {"CAF_POOL__REMOTE__PORT", "0"},
       {"CAF_POOL__ADMIN__PORT", "0"},
       {"CAF_POOL__REMOTE__TOKEN_FILE", (folder.path / "token").string()}};
  return result;
}

std::string value_of(const std::string& line, const std::string& key) {
  auto begin = line.find(' ' + key + '=');
  REQUIRE(begin != std::string::npos);
  begin += key.size() + 2;
  return line.substr(begin, line.find(' ', begin) - begin);
}

std::uint16_t port_of(const std::string& address) {
  auto number = std::stoi(address.substr(address.rfind(':') + 1));
  return static_cast<std::uint16_t>(number);
}

static process_options patient(process_options x) {
  x.environment.insert({{"CAF_POOL__NODE__DRAIN_TIMEOUT", "10min"},
                        {"CAF_POOL__REMOTE__LEASE_TTL", "10min"},
                        {"CAF_POOL__POOLS__MAIN__ACQUIRE_TIMEOUT", "10min"},
                        {"CAF_POOL__POOLS__MAIN__OPEN_TIMEOUT", "5min"},
                        {"CAF_POOL__POOLS__MAIN__EXECUTE_TIMEOUT", "5min"},
                        {"CAF_POOL__POOLS__MAIN__RESET_TIMEOUT", "5min"},
                        {"CAF_POOL__POOLS__MAIN__CLOSE_TIMEOUT", "5min"}});
  return x;
}

running_node::running_node() : node(patient(node_options(folder))) {
  wait_until_ready();
}

running_node::running_node(const std::string& configuration)
  : node(patient(node_options(
    folder, {"--config", folder.write("node.toml", configuration)}))) {
  wait_until_ready();
}

void running_node::wait_until_ready() {
  auto line = node.wait_for_line("ready ");
  CAPTURE(node.err());
  REQUIRE(line.has_value());
  remote = value_of(*line, "remote");
  admin = value_of(*line, "admin");
}

finished_process running_node::ctl(std::vector<std::string> arguments) const {
  process_options x;
  x.command = {program("CAF_POOL_CTL"), "--connect", remote, "--token-file",
               (folder.path / "token").string()};
  x.command.insert(x.command.end(), arguments.begin(), arguments.end());
  return run(x);
}

bool running_node::ctl_shows(const std::vector<std::string>& arguments,
                             std::string_view part) const {
  return eventually([&] {
    auto done = ctl(arguments);
    return done.status == 0 && done.out.find(part) != std::string::npos;
  });
}

} // namespace caf_pool::test
