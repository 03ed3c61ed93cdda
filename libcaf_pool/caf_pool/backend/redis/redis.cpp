#include "caf_pool/backend/redis/redis.hpp"

#include "caf_pool/backend/redis/redis_login.hpp"
#include "caf_pool/backend/redis/redis_target.hpp"
#include "caf_pool/backend/redis/redis_unblocker.hpp"
#include "caf_pool/net/bell.hpp"

#include <memory>
#include <stop_token>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace caf_pool {

namespace {

class redis_backend final : public backend {
public:
  explicit redis_backend(redis_target where) : where_(std::move(where)) {
    if (options().blocking)
      unblocker_ = std::make_shared<redis_unblocker>(where_);
  }

  result<connection_ptr> open(time_point deadline) override {
    return open_unless({}, deadline);
  }

  result<connection_ptr> open_unless(std::stop_token called_off,
                                     time_point deadline) override try {
    auto session = redis_log_in(options(), where_.tls, called_off, deadline);
    if (!session)
      return session.error();
    return connection_ptr{std::make_unique<redis_connection>(
      options(), *std::move(session), unblocker_)};
  } catch (const std::system_error& x) {
    return no_descriptor_left(x);
  }

  result<void> reachable(time_point deadline) override {
    return redis_look(options(), where_.tls, deadline);
  }

  std::string_view kind() const noexcept override {
    return "redis";
  }

  std::string describe() const override {
    auto user = options().user.empty() ? "" : options().user + '@';
    return "redis " + user + options().place() + '/'
           + std::to_string(options().database)
           + (options().tls ? " (TLS)" : "");
  }

private:
  const redis_options& options() const noexcept {
    return *where_.options;
  }

  redis_target where_;
  /// Null for a pool that takes no blocking commands.
  std::shared_ptr<redis_unblocker> unblocker_;
};

std::vector<config_problem> check(const pool_config& config) {
  std::vector<config_problem> result;
  redis_options::from(config, result);
  return result;
}

} // namespace

backend_info redis_info() {
  backend_info info;
  info.name = "redis";
  info.options = redis_option_table();
  info.check = check;
  info.make = make_redis;
  info.reads = {"max_result_bytes"};
  info.family = "redis";
  info.defaults = set_redis_defaults;
  return info;
}

result<backend_ptr> make_redis(const pool_config& config) {
  auto where = redis_target::from(config);
  if (!where)
    return where.error();
  return backend_ptr{std::make_shared<redis_backend>(*std::move(where))};
}

backend_spec<redis_connection> redis(std::string_view url) {
  auto config = parse_redis_url(url);
  if (!config)
    return {{}, nullptr, config.error()};
  return make_spec<redis_connection>(*config, make_redis(*config));
}

} // namespace caf_pool
