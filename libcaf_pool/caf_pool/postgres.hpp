#pragma once

// Pools of PostgreSQL.

#include "caf_pool/backend/postgres/postgres.hpp"
