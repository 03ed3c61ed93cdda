#pragma once

#include "caf_pool/redis.hpp"

#include "support/catch_compat.hpp"
#include "support/private_redis_cluster.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#define NEED_REDIS_CLUSTER()                                                   \
  if (!test::private_redis_cluster::available())                               \
  SKIP("redis-server or redis-cli is not installed")

namespace caf_pool::test {

/// The shared cluster, when it is fine.
private_redis_cluster& fine_cluster();

/// A pool of the shared cluster that asks all of its nodes, or only some.
backend_spec<redis_cluster_connection> cluster_spec(std::uint32_t size = 4);
backend_spec<redis_cluster_connection> cluster_spec_of(
  const std::vector<std::uint16_t>& ports, const std::string& options = {},
  std::uint32_t size = 4);

/// Returns a key for each of `count` slots spread over all of them; the key
/// begins with `prefix` and has no hash tag.
std::vector<std::string> keys_everywhere(const std::string& prefix,
                                         std::size_t count);

/// Returns a key in a slot.
std::string key_in(std::uint16_t slot);

/// Sums how often nodes were asked something (INFO commandstats).
std::uint64_t calls_of(const std::string& command,
                       const std::vector<private_redis*>& nodes);

/// Callers that increment counters over and over until they are stopped.
class incrementing {
public:
  incrementing(pool<redis_cluster_connection>& cache, std::size_t callers,
               std::vector<std::string> keys);

  ~incrementing();

  void stop();

  /// Increments that were answered so far.
  std::uint64_t answered() const;

  /// Checks of each counter that all that was answered is there, and nothing
  /// but that and what is unknown. Requires `stop`.
  void check_sums();

  /// Errors besides `outcome_unknown`, the first one as text.
  std::uint64_t errors() const {
    return errors_;
  }

  std::uint64_t unknown() const;

  const std::string& first_error() const {
    return first_error_;
  }

private:
  void run(std::size_t number);

  pool<redis_cluster_connection>& cache_;
  std::vector<std::string> keys_;
  std::vector<std::atomic<std::uint64_t>> answered_;
  std::vector<std::atomic<std::uint64_t>> unknown_;
  std::atomic<std::uint64_t> errors_{0};
  std::mutex mutex_;
  std::string first_error_;
  std::atomic<bool> stopped_{false};
  std::vector<std::thread> threads_;
};

} // namespace caf_pool::test
