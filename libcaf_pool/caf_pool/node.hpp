#pragma once

// A node, for programs that give it backends of their own.

#include "caf_pool/node/node.hpp"
