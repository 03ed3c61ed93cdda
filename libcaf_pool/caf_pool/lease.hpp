#pragma once

// What callers hold.

#include "caf_pool/lease/lease.hpp"
