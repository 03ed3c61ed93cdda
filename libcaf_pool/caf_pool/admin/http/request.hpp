#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace caf_pool {

/// What the routes need of an HTTP request. Values are as the client sent them:
/// any bytes.
struct admin_request {
  std::string method;
  /// Path with query.
  std::string target;
  /// Each Host and Origin header.
  std::vector<std::string> hosts;
  std::vector<std::string> origins;
};

struct admin_response {
  unsigned status = 200;
  std::string type;
  std::string body;
  /// More headers; values never come from the client.
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Makes an error document as RFC 9457 wants it. `title` goes with the status,
/// `detail` says what happened and what to try, `instance` is the path asked.
admin_response problem(unsigned status, std::string_view detail,
                       std::string_view instance = {});

/// Returns the phrase that goes with a status, e.g. "Not Found".
std::string_view status_title(unsigned status) noexcept;

} // namespace caf_pool
