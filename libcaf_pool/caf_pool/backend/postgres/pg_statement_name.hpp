#pragma once

#include <libpq-fe.h>

#include <span>
#include <string>
#include <string_view>

namespace caf_pool {

/// Names a prepared statement by a hash of its text and the types of its
/// parameters. Whoever finds the name taken on a session that a pooler shares
/// finds the same statement.
std::string pg_statement_name(std::string_view text,
                              std::span<const Oid> types);

} // namespace caf_pool
