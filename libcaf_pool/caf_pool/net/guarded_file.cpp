#include "caf_pool/net/guarded_file.hpp"

#include "caf_pool/net/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace caf_pool::detail {

namespace {

error failure(std::string text) {
  return {errc::config_invalid, std::move(text), {}};
}

error failure_of_system() {
  return failure("cannot be read: " + std::generic_category().message(errno));
}

std::string exposure_of(const struct stat& facts, file_readers readers) {
  constexpr mode_t beside_owner = S_IRWXG | S_IRWXO;
  constexpr mode_t beside_group = S_IWGRP | S_IRWXO;
  if (readers == file_readers::anybody)
    return {};
  if (readers == file_readers::owner && (facts.st_mode & beside_owner) != 0)
    return "is open to others than its owner (chmod 600 closes it)";
  if (readers == file_readers::group && (facts.st_mode & beside_group) != 0)
    return "is open to others than its owner and readers of its group (chmod "
           "600 or 640 closes it)";
  if (facts.st_uid != ::geteuid() && facts.st_uid != 0)
    return "belongs to another user (" + std::to_string(facts.st_uid)
           + "; chown changes that)";
  return {};
}

} // namespace

result<guarded_file> read_guarded_file(const std::filesystem::path& path,
                                       std::size_t limit,
                                       file_readers readers) {
  // Without O_NONBLOCK, opening a pipe waits for its other end.
  file_descriptor fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat facts {};
  if (!fd.valid() || ::fstat(fd.get(), &facts) != 0)
    return failure_of_system();
  if (!S_ISREG(facts.st_mode))
    return failure("is no regular file");
  guarded_file content;
  content.exposure = exposure_of(facts, readers);
  std::array<char, 4096> chunk;
  for (;;) {
    auto n = ::read(fd.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return failure_of_system();
    if (n == 0)
      return content;
    content.text.append(chunk.data(), static_cast<std::size_t>(n));
    if (content.text.size() > limit)
      return failure("is larger than " + std::to_string(limit) + " bytes");
  }
}

} // namespace caf_pool::detail
