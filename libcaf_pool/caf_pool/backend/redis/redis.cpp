#include "caf_pool/backend/redis/redis.hpp"

#include "caf_pool/backend/option_reader.hpp"
#include "caf_pool/backend/redis/redis_login.hpp"
#include "caf_pool/backend/redis/redis_options.hpp"
#include "caf_pool/net/bell.hpp"
#include "caf_pool/net/stream/tls_context.hpp"

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
  redis_backend(redis_options options, std::shared_ptr<tls_context> tls)
    : options_(std::make_shared<const redis_options>(std::move(options))),
      tls_(std::move(tls)) {
    // nop
  }

  result<connection_ptr> open(time_point deadline) override {
    return open_unless({}, deadline);
  }

  result<connection_ptr> open_unless(std::stop_token called_off,
                                     time_point deadline) override try {
    auto session = redis_log_in(*options_, tls_, called_off, deadline);
    if (!session)
      return session.error();
    return connection_ptr{
      std::make_unique<redis_connection>(*options_, *std::move(session))};
  } catch (const std::system_error& x) {
    return no_descriptor_left(x);
  }

  result<void> reachable(time_point deadline) override {
    return redis_look(*options_, tls_, deadline);
  }

  std::string_view kind() const noexcept override {
    return "redis";
  }

  std::string describe() const override {
    auto user = options_->user.empty() ? "" : options_->user + '@';
    return "redis " + user + options_->place() + '/'
           + std::to_string(options_->database)
           + (options_->tls ? " (TLS)" : "");
  }

private:
  std::shared_ptr<const redis_options> options_;
  std::shared_ptr<tls_context> tls_;
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
  std::vector<config_problem> problems;
  option_reader{config, redis_option_table(), problems}.refuse_unknown("redis");
  auto options = redis_options::from(config, problems);
  if (!problems.empty())
    return config_error(problems);
  std::shared_ptr<tls_context> tls;
  if (options.tls) {
    auto made = tls_context::make(options.certificates);
    if (!made)
      return made.error();
    tls = *std::move(made);
  }
  return backend_ptr{
    std::make_shared<redis_backend>(std::move(options), std::move(tls))};
}

backend_spec<redis_connection> redis(std::string_view url) {
  auto config = parse_redis_url(url);
  if (!config)
    return {{}, nullptr, config.error()};
  auto backend = make_redis(*config);
  if (!backend)
    return {*std::move(config), nullptr, backend.error()};
  return {*std::move(config), *std::move(backend), {}};
}

} // namespace caf_pool
