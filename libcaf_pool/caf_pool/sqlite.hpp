#pragma once

// Pools of SQLite.

#include "caf_pool/backend/sqlite/sqlite.hpp"
