#pragma once

// Pools of Redis and Valkey, servers and clusters.

#include "caf_pool/backend/redis/redis.hpp"
#include "caf_pool/backend/redis_cluster/redis_cluster.hpp"
#include "caf_pool/redis/redis_pool.hpp"
#include "caf_pool/redis/redis_subscriber.hpp"
