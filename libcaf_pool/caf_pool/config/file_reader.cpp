#include "caf_pool/config/file_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace caf_pool::detail {

namespace {

class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {
    // nop
  }

  descriptor(const descriptor&) = delete;

  descriptor& operator=(const descriptor&) = delete;

  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }

  int get() const noexcept {
    return fd_;
  }

private:
  int fd_;
};

error failure(std::string text) {
  return {errc::config_invalid, std::move(text), {}};
}

error failure_of_system() {
  return failure(std::string{"cannot be read: "} + std::strerror(errno));
}

std::string exposure_of(const struct stat& facts) {
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return "is open to others than its owner (chmod 600 closes it)";
  if (facts.st_uid != ::geteuid() && facts.st_uid != 0)
    return "belongs to another user";
  return {};
}

} // namespace

result<file_content> read_file(const std::filesystem::path& path,
                               std::size_t limit) {
  // Without O_NONBLOCK, opening a pipe waits for its other end.
  descriptor fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat facts {};
  if (fd.get() < 0 || ::fstat(fd.get(), &facts) != 0)
    return failure_of_system();
  if (!S_ISREG(facts.st_mode))
    return failure("is no regular file");
  file_content content;
  content.exposure = exposure_of(facts);
  char buf[4096];
  for (;;) {
    auto n = ::read(fd.get(), buf, sizeof(buf));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return failure_of_system();
    if (n == 0)
      return content;
    content.text.append(buf, static_cast<std::size_t>(n));
    if (content.text.size() > limit)
      return failure("is larger than " + std::to_string(limit) + " bytes");
  }
}

} // namespace caf_pool::detail
