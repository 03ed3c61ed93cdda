#include "caf_pool/actor/pool_plan.hpp"

#include "caf_pool/actor/pool_check.hpp"

#include <utility>

namespace caf_pool {

result<pool_plan> plan_pools(const std::vector<pool_config>& pools,
                             const std::map<std::string, backend_ptr>& present,
                             const backend_registry& registry) {
  pool_plan result;
  std::vector<config_problem> problems;
  for (auto& config : pools) {
    auto prefix = "pools." + config.name + ".";
    auto known = present.find(config.name);
    auto backend
      = registry.make(config, known != present.end() ? known->second : nullptr);
    auto found = backend ? check_pool(config, *backend, prefix)
                         : validate(config, prefix);
    problems.insert(problems.end(), found.begin(), found.end());
    if (!backend) {
      problems.push_back(
        {"pools." + config.name, config.backend, backend.error().message, {}});
      continue;
    }
    if (!result.emplace(config.name, planned_pool{config, *std::move(backend)})
           .second)
      problems.push_back(
        {"pools." + config.name, config.name, "the name is used twice", {}});
  }
  if (!problems.empty())
    return config_error(problems);
  return result;
}

} // namespace caf_pool
