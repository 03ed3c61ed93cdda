// Part of every program: opens /dev/null in place of each of the descriptors 0,
// 1 and 2 that is closed when the program starts. Otherwise the next file or
// socket, be it a database, gets that number, and what the program prints ends
// up in it.

#include <fcntl.h>
#include <unistd.h>

#include <sysexits.h>

namespace {

/// Runs before `main` and before the constructors of static objects.
[[gnu::constructor(101)]] void open_standard_streams() {
  for (auto fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
    // The lowest free number is the one that was just found closed.
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != fd)
      ::_exit(EX_OSERR); // there is nobody to tell
}

} // namespace
