#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/core/secret.hpp"

#include <string>

namespace caf_pool {

/// Reads the token of a principal from a node's token file, for clients on the
/// same machine: its first one that is there itself. Hashed tokens cannot be
/// used to log in, only to check a login.
///
/// Returns `config_invalid` if the file cannot be read, has lines that a node
/// would refuse, or has no usable token of that name. Reads the file at each
/// call, and never waits for it.
result<secret> token_from_file(const std::string& path,
                               const std::string& principal);

} // namespace caf_pool
