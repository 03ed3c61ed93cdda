#pragma once

// Which version of caf_pool this is.

#include "caf_pool/core/version.hpp"
