#pragma once

#include "caf_pool/remote/client.hpp"

#include "child.hpp"
#include "figure.hpp"

#include <filesystem>
#include <string>

namespace caf_pool::bench {

/// A node with two small SQLite pools, "main" and "spare", in a folder that is
/// gone with the object.
///
/// Thread-safety: one thread at a time.
class node_process {
public:
  /// `settings` are lines of its configuration file, of more pools.
  explicit node_process(const run_options& x, const std::string& settings = {});
  ~node_process();

  node_process(const node_process&) = delete;
  node_process& operator=(const node_process&) = delete;

  const child& process() const {
    return *process_;
  }

  /// Where clients connect to.
  const std::string& address() const {
    return address_;
  }

  std::string token_file() const {
    return folder_ / "token";
  }

private:
  std::filesystem::path folder_;
  std::unique_ptr<child> process_;
  std::string address_;
};

/// Connects to it as its local client.
remote_client connect_to(const node_process& node);

} // namespace caf_pool::bench
