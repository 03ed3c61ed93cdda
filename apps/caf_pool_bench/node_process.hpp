#pragma once

#include "child.hpp"
#include "figure.hpp"

#include <filesystem>

namespace caf_pool::bench {

/// A node with two small SQLite pools, "main" and "spare", in a folder that is
/// gone with the object.
///
/// Thread-safety: one thread at a time.
class node_process {
public:
  explicit node_process(const run_options& x);
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

} // namespace caf_pool::bench
