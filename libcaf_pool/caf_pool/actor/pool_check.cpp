#include "caf_pool/actor/pool_check.hpp"

namespace caf_pool {

std::vector<config_problem> check_pool(const pool_config& config,
                                       const backend_ptr& backend,
                                       const std::string& prefix) {
  auto problems = validate(config, prefix);
  if (backend == nullptr)
    problems.push_back(
      {prefix + "backend", config.backend, "there is none", {}});
  else if (config.max_size > backend->max_connections())
    problems.push_back({prefix + "max_size",
                        std::to_string(config.max_size),
                        backend->describe() + " allows "
                          + std::to_string(backend->max_connections())
                          + " connections at most",
                        {}});
  return problems;
}

} // namespace caf_pool
