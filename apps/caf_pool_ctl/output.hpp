#pragma once

#include "caf_pool/core/error.hpp"
#include "caf_pool/core/pool_snapshot.hpp"
#include "caf_pool/core/redis_value.hpp"
#include "caf_pool/core/sql_result.hpp"

#include <string>
#include <vector>

namespace caf_pool::ctl {

/// How results are shown.
struct style {
  bool json = false;
  bool bold = false;
};

/// One line per pool: state, sizes, waiters, the longest wait.
std::string show_pools(const std::vector<pool_snapshot>& xs, const style& how);

/// Counters and times of each pool.
std::string show_stats(const std::vector<pool_snapshot>& xs, const style& how);

/// Who holds what since when.
std::string show_leases(const std::vector<pool_snapshot>& xs, const style& how);

/// Whether each pool serves, and why not.
std::string show_health(const std::vector<pool_snapshot>& xs, const style& how);

/// Every connection: what it does, how old it is and how much it was used.
std::string show_connections(const std::vector<pool_snapshot>& xs,
                             const style& how);

std::string show_rows(const sql_result& x, const style& how);

std::string show_reply(const redis_value& x, const style& how);

/// For stderr, one in a line: what the server warned about.
std::string show_warnings(const sql_result& x);

/// For stderr: the text for people, or a JSON object.
std::string show_error(const error& x, const style& how);

} // namespace caf_pool::ctl
