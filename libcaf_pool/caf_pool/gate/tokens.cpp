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

constexpr std::size_t max_file_size = 1 << 20;
constexpr std::string_view hash_prefix = "sha256:";
constexpr std::array<std::string_view, 3> role_names{"read", "use", "operate"};

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  std::vector<std::string_view> result;
  line = line.substr(0, line.find('#'));
  for (;;) {
    auto first = line.find_first_not_of(blanks);
    if (first == line.npos)
      return result;
    line.remove_prefix(first);
    auto end = line.find_first_of(blanks);
    result.push_back(line.substr(0, end));
    if (end == line.npos)
      return result;
    line.remove_prefix(end);
  }
}

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

std::string_view to_string(role x) noexcept {
  return role_names[static_cast<std::size_t>(x) - 1];
}

std::optional<role> role_from_string(std::string_view str) noexcept {
  for (std::size_t i = 0; i < role_names.size(); ++i)
    if (role_names[i] == str)
      return static_cast<role>(i + 1);
  return std::nullopt;
}

namespace {

/// Returns the hash of a token, or the hash that stands in its place.
std::optional<sha256_digest> digest_of(std::string_view token) {
  if (token.starts_with(hash_prefix))
    return digest_from_hex(token.substr(hash_prefix.size()));
  return sha256(token);
}

} // namespace

result<token_table> token_table::parse(std::string_view text,
                                       std::string_view path) {
  token_table result;
  std::string problems;
  std::uint32_t number = 0;
  auto complain = [&](const std::string& what) {
    problems += (problems.empty() ? "" : "\n") + std::string{path} + ':'
                + std::to_string(number) + ": " + what;
  };
  while (!text.empty()) {
    ++number;
    auto end = text.find('\n');
    auto words = words_of(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (words.empty())
      continue;
    if (words.size() != 3) {
      complain("expected name, role and token");
      continue;
    }
    auto may = role_from_string(words[1]);
    if (!may)
      complain("\"" + std::string{words[1]}
               + "\" is no role; there are read, use and operate");
    auto token = words[2];
    auto digest = digest_of(token);
    if (!digest)
      complain("after \"sha256:\" there have to be 64 hexadecimal digits");
    else if (token.size() < min_length)
      complain("a token has " + std::to_string(min_length)
               + " characters at least");
    else if (may)
      result.entries_.push_back(
        {{std::string{words[0]}, *may, number}, *digest});
  }
  if (problems.empty() && result.entries_.empty())
    problems = std::string{path} + ": holds no token; delete it and restart "
               "to get a fresh one";
  if (!problems.empty())
    return error{errc::config_invalid, std::move(problems), {}};
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
  auto file = detail::read_guarded_file(path, max_file_size,
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
