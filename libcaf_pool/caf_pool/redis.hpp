#pragma once

// Pools of Redis and Valkey.

#include "caf_pool/backend/redis/redis.hpp"
#include "caf_pool/redis/redis_pool.hpp"
#include "caf_pool/redis/redis_subscriber.hpp"
