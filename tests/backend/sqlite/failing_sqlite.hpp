#pragma once

#include <sqlite3.h>

#include <cstdint>

namespace caf_pool::test {

/// Makes SQLite's calls to the operating system fail while it is alive, for
/// handles that are opened meanwhile: the `nth` call, and with `for_good` all
/// after it. One at a time.
class failing_files {
public:
  failing_files(std::uint64_t nth, bool for_good);
  ~failing_files();

  failing_files(const failing_files&) = delete;
  failing_files& operator=(const failing_files&) = delete;

  /// Lets all calls pass from now on.
  void stop();

  /// Tells whether there were so many calls.
  bool failed() const;
};

/// The same for memory. No handle may be open when it begins or ends.
class failing_memory {
public:
  failing_memory(std::uint64_t nth, bool for_good);
  ~failing_memory();

  failing_memory(const failing_memory&) = delete;
  failing_memory& operator=(const failing_memory&) = delete;

  void stop();
  bool failed() const;

private:
  sqlite3_mem_methods before_{};
};

} // namespace caf_pool::test
