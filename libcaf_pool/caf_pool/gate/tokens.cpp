#include "caf_pool/gate/tokens.hpp"

#include "caf_pool/net/file_descriptor.hpp"
#include "caf_pool/net/guarded_file.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace caf_pool {

namespace {

error bad_file(const std::string& path, const std::string& text) {
  return {errc::config_invalid, "token file " + path + ": " + text, {}};
}

error cannot_make(const std::string& path) {
  return bad_file(path, "does not exist and cannot be made: "
                          + std::generic_category().message(errno));
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno != EINTR)
      return false;
    if (n > 0)
      text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// Writes beside the path and then links, so that a half written file never
/// has the name, and one that came up meanwhile is kept.
result<void> create_file(const std::string& path) {
  auto temporary = path + '.' + random_token();
  {
    detail::file_descriptor file{
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    auto text
      = "# Who may log in at this node: name, role (read, use, "
        "operate), token.\n"
        "# \"sha256:\" and the hash of a token will do instead of it.\n"
        "local operate "
        + random_token() + random_token() + '\n';
    if (!file.valid() || !write_all(file.get(), text)) {
      auto why = cannot_make(path);
      ::unlink(temporary.c_str());
      return why;
    }
  }
  auto linked = ::link(temporary.c_str(), path.c_str()) == 0;
  auto why = cannot_make(path);
  auto exists = errno == EEXIST;
  ::unlink(temporary.c_str());
  if (!linked && !exists)
    return why;
  return {};
}

} // namespace

result<token_table> token_table::parse(std::string_view text,
                                       std::string_view path) {
  auto lines = parse_token_lines(text, path);
  if (!lines)
    return lines.error();
  if (lines->empty())
    return error{errc::config_invalid,
                 std::string{path}
                   + ": holds no token; delete it and restart to get a fresh "
                     "one",
                 {}};
  token_table result;
  for (auto& x : *lines)
    result.entries_.push_back(
      {{std::string{x.name}, x.may, x.number},
       x.hashed ? digest_from_hex(x.token).value() : sha256(x.token)});
  return result;
}

std::optional<principal> token_table::check(std::string_view name,
                                            std::string_view token) const {
  return find(name, sha256(token));
}

std::optional<principal> token_table::find(std::string_view name,
                                           const sha256_digest& token) const {
  const entry* found = nullptr;
  for (auto& x : entries_)
    if (equal_digests(x.digest, token) && x.who.name == name)
      found = &x;
  if (found == nullptr)
    return std::nullopt;
  return found->who;
}

std::string token_table::objection(const principal& who,
                                   const sha256_digest& token) const {
  auto text = std::string{"the token was withdrawn: "};
  auto name = '"' + who.name + '"';
  if (auto now = find(who.name, token)) {
    if (now->may == who.may)
      return {};
    return text + name + " has the role " + std::string{to_string(now->may)}
           + " now, not " + std::string{to_string(who.may)};
  }
  for (auto& x : entries_)
    if (x.who.name == who.name)
      return text + name + " has another one now";
  return text + "the node's token file names no " + name + " any more";
}

result<token_table> read_tokens(const std::string& path) {
  auto file = detail::read_guarded_file(path, max_token_file_size,
                                        detail::file_readers::group);
  if (!file)
    return bad_file(path, file.error().message);
  if (!file->exposure.empty())
    return bad_file(path, file->exposure);
  return token_table::parse(file->text, path);
}

result<token_table> load_tokens(const std::string& path) {
  if (path.empty())
    return error{errc::config_invalid,
                 "remote.token_file is empty; name a file, it is made if it "
                 "does not exist",
                 {}};
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 && errno == ENOENT)
    if (auto made = create_file(path); !made)
      return made.error();
  return read_tokens(path);
}

std::string random_token() {
  std::array<char, 16> bytes{};
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    auto n = ::getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (n > 0)
      filled += static_cast<std::size_t>(n);
    else if (errno != EINTR)
      throw std::system_error{errno, std::generic_category(), "getrandom"};
  }
  return to_hex({bytes.data(), bytes.size()});
}

} // namespace caf_pool
