#pragma once

// Pools of another process, reached without drivers.

#include "caf_pool/remote/client.hpp"
#include "caf_pool/remote/remote_redis.hpp"
#include "caf_pool/remote/setup.hpp"
#include "caf_pool/remote/token_file.hpp"
