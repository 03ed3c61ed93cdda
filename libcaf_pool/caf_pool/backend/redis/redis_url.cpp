#include "caf_pool/backend/redis/redis_url.hpp"

#include "caf_pool/backend/redis/redis_options.hpp"
#include "caf_pool/core/ascii.hpp"
#include "caf_pool/net/url/url.hpp"
#include "caf_pool/settings/nearest.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace caf_pool {

namespace {

error bad(std::string why) {
  return {errc::invalid_argument,
          "cannot read the URL of a Redis server: " + std::move(why)
            + "; write redis://user:password@host:port/database, rediss:// for "
              "TLS, or unix:///path/of/the.socket",
          {}};
}

result<void> set_place(pool_config& out, const url& from) {
  auto path = std::string_view{from.path};
  if (from.scheme == "unix") {
    if (!from.host.empty() || from.port)
      return bad(
        "a unix socket has no host; write unix:///path (three "
        "slashes)");
    if (path.size() < 2)
      return bad("the path of the socket is missing");
    out.options["path"] = path;
    return {};
  }
  if (!from.host.empty())
    out.options["host"] = from.host;
  if (from.port)
    out.options["port"] = std::to_string(*from.port);
  if (from.scheme == "rediss")
    out.options["tls"] = "true";
  if (path.size() < 2)
    return {};
  path.remove_prefix(1);
  if (!all_digits(path))
    return bad("what stands behind the host must be the number of a database");
  out.options["database"] = path;
  return {};
}

result<void> set_options(pool_config& out, const url& from) {
  auto table = redis_option_table();
  std::vector<std::string_view> known;
  for (auto& option : table)
    known.push_back(option.key);
  for (auto& [key, value] : from.options) {
    auto name = key == "db" ? std::string{"database"} : key;
    if (std::find(known.begin(), known.end(), name) == known.end())
      return bad(
        "it has a key that is not known (not shown, because it may "
        "be a piece of a password)"
        + hint_for(name, known));
    if (out.options.count(name) != 0)
      return bad("it says " + name + " twice");
    out.options[name] = value;
  }
  return {};
}

} // namespace

void set_redis_defaults(pool_config& x) {
  using std::chrono::seconds;
  x.acquire_timeout = seconds{5};
  x.open_timeout = seconds{2};
  x.execute_timeout = seconds{5};
  x.health_check_interval = seconds{30};
}

result<pool_config> parse_redis_url(std::string_view text) {
  auto from = parse_url(text);
  if (!from)
    return from.error();
  auto& scheme = from->scheme;
  if (scheme != "redis" && scheme != "rediss" && scheme != "unix")
    return bad(
      "it begins with something else than redis://, rediss:// or "
      "unix://");
  auto config = pool_config{};
  config.backend = "redis";
  set_redis_defaults(config);
  // Some servers take a password without a user: redis://:password@host.
  if (!from->user.empty())
    config.options["user"] = from->user;
  config.password = from->password;
  if (auto ok = set_place(config, *from); !ok)
    return ok.error();
  if (auto ok = set_options(config, *from); !ok)
    return ok.error();
  return config;
}

} // namespace caf_pool
