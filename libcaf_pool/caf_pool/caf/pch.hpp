#pragma once

// Precompiled for every file that meets actors.

#include "caf_pool/caf/caf_compat.hpp"
