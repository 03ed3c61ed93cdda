#pragma once

// What a backend of your own implements, and how it is registered.

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/backend/registry.hpp"
