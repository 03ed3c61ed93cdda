#include "caf_pool/admin/http/request.hpp"

#include "caf_pool/admin/json/json.hpp"

#include <nlohmann/json.hpp>

namespace caf_pool {

admin_response problem(unsigned status, std::string_view detail,
                       std::string_view instance) {
  json_document doc = {{"type", "about:blank"},
                       {"title", status_title(status)},
                       {"status", status},
                       {"detail", detail}};
  if (!instance.empty())
    doc["instance"] = instance;
  admin_response result;
  result.status = status;
  result.type = "application/problem+json";
  result.body = render(doc);
  return result;
}

std::string_view status_title(unsigned status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

} // namespace caf_pool
