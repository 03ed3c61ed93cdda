#include "caf_pool/actor/pool_check.hpp"

namespace caf_pool {

std::vector<config_problem> check_pool(const pool_config& config,
                                       const backend_ptr& way,
                                       const std::string& prefix) {
  auto problems = validate(config, prefix);
  if (way == nullptr)
    problems.push_back(
      {prefix + "backend", config.backend, "there is none", {}});
  else if (config.max_size > way->max_connections())
    problems.push_back({prefix + "max_size",
                        std::to_string(config.max_size),
                        way->describe() + " allows "
                          + std::to_string(way->max_connections())
                          + " connections at most",
                        {}});
  return problems;
}

} // namespace caf_pool
