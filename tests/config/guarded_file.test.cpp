#include "caf_pool/net/guarded_file.hpp"

#include "fixture.hpp"

#include <sys/stat.h>
#include <unistd.h>

using namespace caf_pool;
using namespace caf_pool::detail;
using namespace caf_pool::test;

namespace {

constexpr std::size_t limit = 10'000;

std::string exposure_of(const std::filesystem::path& path,
                        file_readers readers) {
  auto file = read_guarded_file(path, limit, readers);
  REQUIRE(file);
  return file->exposure;
}

std::string refusal_of(const std::filesystem::path& path) {
  auto file = read_guarded_file(path, limit, file_readers::owner);
  REQUIRE(!file);
  CHECK(file.error().code == errc::config_invalid);
  return file.error().message;
}

} // namespace

TEST_CASE("a file of an owner alone gives nobody else anything", "[F01]") {
  temp_folder folder;
  for (auto mode : {0600u, 0400u, 0700u})
    CHECK(exposure_of(folder.write("x", "", mode), file_readers::owner) == "");
  for (auto mode : {0640u, 0620u, 0610u, 0604u, 0602u, 0601u, 0666u})
    CHECK_THAT(exposure_of(folder.write("x", "", mode), file_readers::owner),
               ContainsSubstring("chmod 600"));
}

TEST_CASE("a file of a group lets it read and nobody else anything",
          "[security-S10]") {
  temp_folder folder;
  for (auto mode : {0600u, 0640u, 0440u})
    CHECK(exposure_of(folder.write("x", "", mode), file_readers::group) == "");
  for (auto mode : {0660u, 0620u, 0644u, 0604u, 0602u, 0601u})
    CHECK_THAT(exposure_of(folder.write("x", "", mode), file_readers::group),
               ContainsSubstring("chmod 600 or 640"));
}

TEST_CASE("a file for anybody is read whatever its mode says") {
  temp_folder folder;
  auto path = folder.write("x", "text", 0666);
  CHECK(exposure_of(path, file_readers::anybody) == "");
  CHECK(read_guarded_file(path, limit, file_readers::anybody)->text == "text");
}

TEST_CASE("a file of another user is no place for a secret", "[F01]") {
  if (::geteuid() != 0)
    SKIP("only root can give a file away");
  temp_folder folder;
  auto path = folder.write("x", "");
  REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
  for (auto readers : {file_readers::owner, file_readers::group})
    CHECK_THAT(exposure_of(path, readers),
               ContainsSubstring("another user (65534; chown"));
  CHECK(exposure_of(path, file_readers::anybody) == "");
}

TEST_CASE("what is no regular file is refused without waiting for it") {
  temp_folder folder;
  auto pipe = folder.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(refusal_of(pipe) == "is no regular file");
  CHECK(refusal_of(folder.path()) == "is no regular file");
  CHECK(refusal_of("/dev/zero") == "is no regular file");
  CHECK(refusal_of(folder.path() / "none")
        == "cannot be read: No such file or directory");
}

TEST_CASE("a file is read up to its limit and refused beyond it") {
  temp_folder folder;
  auto full = std::string(limit, 'x');
  auto path = folder.write("x", full);
  CHECK(read_guarded_file(path, limit, file_readers::owner)->text == full);
  CHECK(refusal_of(folder.write("y", full + 'x'))
        == "is larger than 10000 bytes");
}
