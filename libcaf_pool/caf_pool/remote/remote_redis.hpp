#pragma once

#include "caf_pool/calls/redis_calls.hpp"
#include "caf_pool/core/call_options.hpp"
#include "caf_pool/remote/client.hpp"

#include <string>
#include <utility>

namespace caf_pool {

/// A Redis pool of a node, with the calls that a pool in the process has:
///
/// ~~~
/// caf_pool::remote_redis cache{client, "cache"};
/// cache.command("SET", "user:7", "Ann", "EX", 60).value();
/// ~~~
///
/// Thread-safety: as `remote_client`, which must outlive it.
class remote_redis : public redis_calls<remote_redis, acquire_options> {
public:
  remote_redis(remote_client& client, std::string pool)
    : client_(&client), pool_(std::move(pool)) {
    // nop
  }

  /// Does work within the limits of `how`.
  result<outcome> run(const work& what, const acquire_options& how = {}) {
    return client_->run(pool_, what, how);
  }

private:
  remote_client* client_;
  std::string pool_;
};

} // namespace caf_pool
