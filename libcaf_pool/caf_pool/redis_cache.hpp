#pragma once

// A cache of computed values on a pool of Redis, here or of a node.

#include "caf_pool/cache/redis_cache.hpp"
