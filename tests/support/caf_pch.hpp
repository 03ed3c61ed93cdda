#pragma once

// Precompiled for tests that meet actors.

#include "caf_pool/actor/manager.hpp"
#include "caf_pool/actor/pool_supervisor.hpp"
#include "caf_pool/caf/caf_compat.hpp"
#include "caf_pool/pool.hpp"

#include "support/catch_compat.hpp"

#include <nlohmann/json.hpp>
