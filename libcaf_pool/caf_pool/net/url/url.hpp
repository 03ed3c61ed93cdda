#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/core/secret.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace caf_pool {

/// The parts of a URL (RFC 3986) that names a server, percent-decoded.
///
/// Thread-safety: a plain value.
struct url {
  /// In lower case.
  std::string scheme;
  std::string user;
  secret password;
  /// Without the brackets of an IPv6 address.
  std::string host;
  std::optional<std::uint16_t> port;
  /// Begins with '/', or is empty.
  std::string path;
  /// What stands behind '?', in order.
  std::vector<std::pair<std::string, std::string>> options;
};

/// Reads a URL. Returns `invalid_argument` with what is wrong; the text itself,
/// which may hold a password, is in no error.
///
/// Thread-safety: any thread at any time.
result<url> parse_url(std::string_view text);

} // namespace caf_pool
