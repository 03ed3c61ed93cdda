#include "caf_pool/remote/token_file.hpp"

#include <fstream>
#include <sstream>
#include <utility>

namespace caf_pool {

namespace {

error refused(const std::string& path, std::string text) {
  return {errc::config_invalid, path + ": " + std::move(text), {}};
}

} // namespace

result<secret> token_from_file(const std::string& path,
                               const std::string& principal) {
  std::ifstream in{path};
  if (!in)
    return refused(path,
                   "cannot be read; it is made by the node at its first "
                   "start, for its own user only");
  std::string line;
  while (std::getline(in, line)) {
    std::istringstream words{line};
    std::string name;
    std::string role;
    std::string token;
    if (!(words >> name >> role >> token) || name != principal)
      continue;
    if (token.rfind("sha256:", 0) == 0)
      return refused(path, "has only a hash of the token of \"" + principal
                             + "\"; give the token itself by another file or "
                               "by CAF_POOL_TOKEN");
    return secret{std::move(token)};
  }
  return refused(path, "has no token of \"" + principal + '"');
}

} // namespace caf_pool
