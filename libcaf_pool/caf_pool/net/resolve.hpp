#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/net/bell.hpp"

#include <functional>
#include <string>
#include <vector>

namespace caf_pool {

/// Looks up a name and returns its addresses as text. Blocks as long as it
/// likes; called by a thread of its own.
using host_lookup
  = std::function<result<std::vector<std::string>>(const std::string& host)>;

/// Asks the system's resolver.
result<std::vector<std::string>> system_lookup(const std::string& host);

/// Returns the addresses of a host in the order in which to try them; an
/// address returns itself. The system's resolver knows no deadline, so it runs
/// in a thread of its own whose late answer nobody hears. Callers who ask for
/// the same host while an answer is due share it: a dead resolver costs one
/// thread a host. Answers are not kept, so that a change of DNS shows at once.
///
/// Returns `open_timeout` at the deadline, `cancelled` when the bell rings, and
/// `open_failed` for unknown names.
///
/// Thread-safety: any thread at any time.
result<std::vector<std::string>> resolve_host(const std::string& host,
                                              time_point deadline,
                                              const bell* called_off = nullptr,
                                              const host_lookup& lookup
                                              = system_lookup);

} // namespace caf_pool
