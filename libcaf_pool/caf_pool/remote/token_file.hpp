#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/core/secret.hpp"

#include <string>

namespace caf_pool {

/// Reads the token of a principal from a node's token file ("name role token"
/// per line), for clients on the same machine. Hashed tokens cannot be used to
/// log in, only to check a login.
///
/// Returns `config_invalid` if the file cannot be read or has no usable token
/// of that name. Reads the file at each call.
result<secret> token_from_file(const std::string& path,
                               const std::string& principal);

} // namespace caf_pool
