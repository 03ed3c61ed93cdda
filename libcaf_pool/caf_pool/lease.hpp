#pragma once

#include "caf_pool/lease/lease.hpp"
