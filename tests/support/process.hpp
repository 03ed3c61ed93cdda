#pragma once

#include "support/eventually.hpp"

#include <sys/types.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool::test {

/// How to start a program.
struct process_options {
  /// The program, searched in PATH, and its arguments.
  std::vector<std::string> command;
  /// Added to the test's own environment; an empty text removes a variable.
  std::map<std::string, std::string> environment = {};
  std::string directory = {};
  /// User and group of the program; none keeps the test's own.
  std::optional<uid_t> uid = {};
  std::optional<gid_t> gid = {};
  /// Ctrl-C and signals to the test's group do not reach the program.
  bool own_session = false;
  /// Survives the object; nothing is captured.
  bool detached = false;
};

/// A program that a test runs. It ends with the object, by SIGKILL if need be,
/// and with the test's process.
///
/// ~~~
/// process node{{.command = {"caf_pool_node", "--profile", "dev"}}};
/// REQUIRE(node.wait_for_line("ready"));
/// node.signal(SIGTERM);
/// CHECK(node.wait() == 0);
/// ~~~
///
/// Thread-safety: one thread at a time, but for `signal`.
class process {
public:
  static constexpr auto patience = test::patience;

  /// Starts the program. Throws `std::system_error` if it cannot be started.
  explicit process(process_options options);

  process(process&&) noexcept;
  process& operator=(process&&) noexcept;

  ~process();

  pid_t pid() const noexcept;

  /// Returns after a SIGSTOP when the program stands still.
  void signal(int number) noexcept;

  /// Waits for the end. Returns the exit status, 128 + number for a program
  /// that a signal ended, or nothing if it still runs after `limit`.
  std::optional<int> wait(std::chrono::nanoseconds limit = patience);

  bool running();

  /// Waits for a line with `part` in it, on stdout or stderr, and returns it.
  /// Looks at lines that no earlier call has returned or skipped: for lines
  /// whose order is certain.
  std::optional<std::string> wait_for_line(std::string_view part,
                                           std::chrono::nanoseconds limit
                                           = patience);

  /// Waits until `part` was printed, on stdout or stderr, be it before or after
  /// what other calls waited for.
  bool wait_for_text(std::string_view part,
                     std::chrono::nanoseconds limit = patience);

  /// Everything printed so far.
  std::string out() const;
  std::string err() const;

  /// Writes to the program's stdin.
  void write(std::string_view text);
  void close_input() noexcept;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// What a program that ran to its end left.
struct finished_process {
  /// As `process::wait`; -1 if it had to be killed at the limit.
  int status = -1;
  std::string out;
  std::string err;
};

/// Runs a program to its end.
finished_process run(process_options options, std::string_view input = {},
                     std::chrono::nanoseconds limit = process::patience);

/// Returns the ids of all processes whose parent is `pid`.
std::vector<pid_t> children_of(pid_t pid);

/// Returns a program's process and its children.
std::vector<pid_t> with_children(const process& x);

/// Kills a program and its children at once, as a power cut does, and returns
/// when all of them are gone. Throws `std::runtime_error` if they stay.
void kill_with_children(process& x);

/// Tells whether a process still runs; one that nobody reaped does not.
bool process_alive(pid_t pid);

/// Sends SIGSTOP, and returns when the process stands still or is gone.
void stop_process(pid_t pid);

} // namespace caf_pool::test
