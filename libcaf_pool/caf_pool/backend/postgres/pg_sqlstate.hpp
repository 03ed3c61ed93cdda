#pragma once

#include "caf_pool/core/error.hpp"

#include <string>
#include <string_view>

namespace caf_pool {

/// Finds the SQLSTATE in the verbose text of a refused login, the only place
/// where libpq shows it. Returns an empty text if there is none: the network
/// failed, or the server was never reached.
std::string pg_sqlstate_in(std::string_view text);

/// Tells `open_refused` (will not heal by itself: password, role, database,
/// certificate, settings) from `open_failed` (network, too many clients,
/// starting up).
errc pg_classify_open(std::string_view sqlstate, std::string_view text);

/// Says what to do about a refused or failed login.
std::string_view pg_advice(std::string_view sqlstate, errc code);

/// Tells whether a connection can be used after an error or warning.
///
/// | what the server said                                       | survives |
/// | ---------------------------------------------------------- | -------- |
/// | FATAL or PANIC: 57P01 shutdown, 25P03 and 57P05 idle, ...  | no       |
/// | 57P02, another session crashed, though a mere WARNING      | no       |
/// | any other ERROR: syntax, constraints, 40001, 57014, 08P01  | yes      |
/// | for wrong parameters, 08006 of a foreign server, ...       |          |
bool pg_survives(std::string_view severity, std::string_view sqlstate);

} // namespace caf_pool
