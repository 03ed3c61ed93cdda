#pragma once

#include "caf_pool/core/result.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What a node does to its own process before it reads a secret or opens a
/// connection.
namespace caf_pool::process_guard {

/// Returns `forbidden` for the superuser unless that is allowed: whoever takes
/// the process over by a defect of it or of a driver has the user's rights.
result<void> check_user(bool allow_root);

/// Tells whether a variable could make a driver talk to somebody else, trust
/// somebody else or load something else: those of libpq, of the dynamic linker,
/// of OpenSSL, and names of hosts.
bool redirects_drivers(std::string_view variable) noexcept;

/// Removes such variables from the environment, so that configurations alone
/// decide. Returns their names, sorted, without values.
///
/// Thread-safety: none; call it before the first thread starts.
std::vector<std::string> clear_environment();

/// Secrets in memory do not end up in core dumps, nor can other processes of
/// the same user read them (PR_SET_DUMPABLE). Returns false if the system does
/// not do that.
bool forbid_core_dumps() noexcept;

} // namespace caf_pool::process_guard
