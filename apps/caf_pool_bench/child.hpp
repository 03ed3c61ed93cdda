#pragma once

#include "caf_pool/core/time.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace caf_pool::bench {

/// Another process, for as long as the object lives. It ends with this one.
///
/// Thread-safety: one thread at a time.
class child {
public:
  /// Starts a program with "NAME=value" added to the environment. Throws
  /// `std::system_error`.
  explicit child(std::vector<std::string> command,
                 std::vector<std::string> environment = {});

  child(const child&) = delete;
  child& operator=(const child&) = delete;

  /// Asks it to end, and waits for that.
  ~child();

  /// Returns the first line that contains `part`, on stdout or stderr. Throws
  /// `std::runtime_error` with all that it printed if it does not come.
  std::string wait_for_line(const std::string& part,
                            duration limit = std::chrono::seconds{60});

  std::string pid() const {
    return std::to_string(pid_);
  }

  /// Time that all its threads have used a core.
  duration cpu_time() const;

private:
  /// Reads more of its output; false at its end or at the deadline.
  bool read_more(time_point deadline);

  pid_t pid_ = 0;
  int output_ = -1;
  std::string text_;
};

/// Returns what stands behind "key=" in a line of words.
std::string value_of(const std::string& line, const std::string& key);

} // namespace caf_pool::bench
