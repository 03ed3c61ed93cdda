#include "caf_pool/remote/token_file.hpp"

#include "caf_pool/net/guarded_file.hpp"
#include "caf_pool/protocol/token_lines.hpp"

#include <utility>

namespace caf_pool {

namespace {

error refused(const std::string& path, std::string text) {
  return {errc::config_invalid, path + ": " + std::move(text), {}};
}

} // namespace

result<secret> token_from_file(const std::string& path,
                               const std::string& principal) {
  // The node guards it: it may belong to the node's user, and be the group's.
  auto file = detail::read_guarded_file(path, max_token_file_size,
                                        detail::file_readers::anybody);
  if (!file)
    return refused(path, file.error().message
                           + "; it is made by the node at its first start, for "
                             "its own user only");
  auto lines = parse_token_lines(file->text, path);
  if (!lines)
    return lines.error();
  auto hashed = false;
  for (auto& line : *lines) {
    if (line.name != principal)
      continue;
    if (!line.hashed)
      return secret{std::string{line.token}};
    hashed = true;
  }
  if (hashed)
    return refused(path, "has only a hash of the token of \"" + principal
                           + "\"; give the token itself by another file or by "
                             "CAF_POOL_TOKEN");
  return refused(path, "has no token of \"" + principal + '"');
}

} // namespace caf_pool
