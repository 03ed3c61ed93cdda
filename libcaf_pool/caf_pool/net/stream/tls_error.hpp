#pragma once

#include "caf_pool/core/error.hpp"

#include <string>

struct ssl_st;

namespace caf_pool {

/// What OpenSSL queued in this thread since the queue was cleared, in words for
/// people, the cause first; empty for nothing.
std::string tls_reason();

/// Tells whether the peer turned this client away by an alert, as it does if it
/// does not like the client's certificate or gets none.
bool tls_peer_refused() noexcept;

/// What a handshake that failed means. Takes the errors of this thread's queue;
/// `system_error` is the `errno` of a socket that broke, or 0.
///
/// Returns `open_refused` for what does not heal by itself (a certificate that
/// cannot be trusted, names somebody else or has expired; a server that turns
/// this client away; versions that do not fit), `open_failed` for the rest.
error tls_handshake_error(const ssl_st* ssl, const std::string& expected_name,
                          bool has_certificate, int system_error);

/// What to do about a server that turns this client away.
std::string tls_refusal_advice(bool has_certificate);

} // namespace caf_pool
