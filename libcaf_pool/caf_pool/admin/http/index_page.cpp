#include "caf_pool/admin/http/index_page.hpp"

namespace caf_pool {

namespace {

std::string escaped(std::string_view str) {
  std::string result;
  for (char c : str)
    switch (c) {
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '&':
        result += "&amp;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  return result;
}

std::string row(const route_info& x) {
  auto path = escaped(x.path);
  // A path with a gap is nothing to follow.
  auto link = x.path.find('<') == x.path.npos
                ? "<a href=\"" + path + "\">" + path + "</a>"
                : path;
  return "<dt>" + std::string{x.method} + ' ' + link + "</dt><dd>"
         + escaped(x.doc) + "</dd>\n";
}

} // namespace

admin_response index_page(std::string_view name, std::string_view version,
                          const std::vector<route_info>& routes) {
  auto title = escaped(name) + " (caf_pool " + escaped(version) + ")";
  auto body
    = "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<title>"
      + title + "</title>\n<h1>" + title + "</h1>\n<dl>\n";
  for (auto& x : routes)
    body += row(x);
  body += "</dl>\n</html>\n";
  return {200, "text/html; charset=utf-8", std::move(body), {}};
}

} // namespace caf_pool
