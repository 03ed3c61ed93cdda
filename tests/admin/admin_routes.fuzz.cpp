#include "caf_pool/admin/http/routes.hpp"

#include "admin/samples.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace caf_pool;

namespace {

// Takes the next line.
std::string line(std::string_view& rest) {
  auto end = rest.find('\n');
  std::string result{rest.substr(0, end)};
  rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  return result;
}

void require(bool ok) {
  if (!ok)
    std::abort();
}

} // namespace

// Input: method, target, Host and Origin, a line each; more lines are more
// Hosts. An answer must make sense whatever the request.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  static const auto facts
    = test::facts_of({test::sample_redis(), test::sample_pool()});
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  admin_request x;
  x.method = line(rest);
  x.target = line(rest);
  x.hosts.push_back(line(rest));
  if (auto origin = line(rest); !origin.empty())
    x.origins.push_back(std::move(origin));
  while (!rest.empty())
    x.hosts.push_back(line(rest));
  auto reply = answer(x, facts);
  auto fine = reply.status == 200;
  require(fine || (reply.status >= 400 && reply.status < 500));
  require(fine || reply.type == "application/problem+json");
  // Nothing is done but by these two, and never for a stranger.
  require(!fine || x.method == "GET" || x.method == "HEAD");
  require(!fine || x.hosts.size() == 1);
  require(fine || !needs_pools(x) || reply.status == 404);
  if (reply.type != "text/html; charset=utf-8"
      && !reply.type.starts_with("text/"))
    require(nlohmann::json::accept(reply.body));
  for (auto& [name, value] : reply.headers)
    require(value.find_first_of("\r\n") == value.npos);
  return 0;
}
