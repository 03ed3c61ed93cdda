#pragma once

// Pools for programs with actors of their own: spawn_pool and the messages.

#include "caf_pool/actor/pool_supervisor.hpp"
