#pragma once

// Backends for tests: one follows a script, one wraps another in faults.

#include "caf_pool/backend/testing/faulty.hpp"
#include "caf_pool/backend/testing/scripted.hpp"
