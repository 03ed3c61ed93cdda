#pragma once

// Precompiled for every file that meets actors.

#include "caf_pool/actor/caf_compat.hpp"
