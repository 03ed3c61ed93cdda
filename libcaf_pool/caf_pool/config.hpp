#pragma once

// Configurations: profiles in TOML, environment and command line.

#include "caf_pool/config/load.hpp"
#include "caf_pool/config/profiles.hpp"
