#pragma once

#include "caf_pool/backend/redis/redis_options.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/net/stream/tls_context.hpp"

#include <memory>

namespace caf_pool {

/// Where to log in and how, as all connections to one server share it.
///
/// Thread-safety: a plain value; what it points to never changes.
struct redis_target {
  std::shared_ptr<const redis_options> options;
  /// Null without TLS.
  std::shared_ptr<tls_context> tls;

  /// Reads the options of a pool, and the files of certificates. Returns
  /// `config_invalid` with all problems.
  static result<redis_target> from(const pool_config& config);
};

} // namespace caf_pool
