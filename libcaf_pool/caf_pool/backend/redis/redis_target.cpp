#include "caf_pool/backend/redis/redis_target.hpp"

#include "caf_pool/backend/option_reader.hpp"

#include <utility>
#include <vector>

namespace caf_pool {

result<redis_target> redis_target::from(const pool_config& config) {
  std::vector<config_problem> problems;
  option_reader{config, redis_option_table(), problems}.refuse_unknown("redis");
  auto options = redis_options::from(config, problems);
  if (!problems.empty())
    return config_error(problems);
  auto result = redis_target{};
  if (options.tls) {
    auto made = tls_context::make(options.certificates);
    if (!made)
      return made.error();
    result.tls = *std::move(made);
  }
  result.options = std::make_shared<const redis_options>(std::move(options));
  return result;
}

} // namespace caf_pool
