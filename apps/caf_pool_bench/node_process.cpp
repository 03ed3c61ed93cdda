#include "node_process.hpp"

#include "caf_pool/remote/token_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <stdlib.h>
#include <system_error>

namespace caf_pool::bench {

namespace {

namespace fs = std::filesystem;

fs::path make_folder() {
  std::string name = fs::temp_directory_path() / "caf_pool_bench.XXXXXX";
  if (::mkdtemp(name.data()) == nullptr)
    throw std::system_error{errno, std::generic_category(), "mkdtemp"};
  return name;
}

void write_settings(const fs::path& folder, const std::string& more) {
  std::ofstream out{folder / "node.toml"};
  for (std::string name : {"main", "spare"})
    out << "[pools." << name << "]\nbackend = \"sqlite\"\nmin_size = 1\n"
        << "max_size = 10\n[pools." << name << ".sqlite]\npath = \""
        << (folder / name).string() << ".sqlite\"\n";
  out << more;
}

std::vector<std::string> command_for(const run_options& x,
                                     const fs::path& folder) {
  std::vector<std::string> result{x.node, "--config", folder / "node.toml"};
  if (::geteuid() == 0)
    result.emplace_back("--allow-root");
  return result;
}

} // namespace

node_process::node_process(const run_options& x, const std::string& settings)
  : folder_(make_folder()) {
  write_settings(folder_, settings);
  auto state = "XDG_STATE_HOME=" + folder_.string();
  process_ = std::make_unique<child>(
    command_for(x, folder_),
    std::vector<std::string>{state, "CAF_POOL__REMOTE__PORT=0",
                             "CAF_POOL__ADMIN__PORT=0",
                             "CAF_POOL__REMOTE__TOKEN_FILE=" + token_file()});
  address_ = value_of(process_->wait_for_line("ready "), "remote");
}

node_process::~node_process() {
  process_.reset();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

remote_client connect_to(const node_process& node) {
  remote_options options;
  options.address = node.address();
  options.client = "benchmark";
  options.token = token_from_file(node.token_file(), "local").value();
  return remote_client::connect(options).value();
}

} // namespace caf_pool::bench
