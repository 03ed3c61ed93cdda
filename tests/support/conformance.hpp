#pragma once

#include "caf_pool/backend.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace caf_pool::test {

/// Describes a backend to the conformance suite: how to make one, and its
/// spelling of a few statements. A statement without text, or a function that
/// is not set, leaves out what needs it.
///
/// ~~~
/// TEST_CASE("mine conforms") {
///   backend_under_test mine;
///   mine.make = [] { return std::make_shared<my_backend>(); };
///   mine.get_one = "GET 1";
///   run_conformance(mine);
/// }
/// ~~~
struct backend_under_test {
  // -- the backend -----------------------------------------------------------

  /// Makes the backend. Called once per section; all of one run must reach the
  /// same server, whose table is dropped and created anew by the suite.
  std::function<backend_ptr()> make;
  /// Makes a backend whose server does not answer or does not exist.
  std::function<backend_ptr()> make_unreachable;
  /// Far more than any call of the suite needs.
  duration patience = std::chrono::seconds{60};
  /// How late a deadline may be kept on a busy machine: far below what a call
  /// without a deadline would take.
  duration tolerance = std::chrono::seconds{60};

  // -- statements ------------------------------------------------------------

  /// Returns one row with one column, the integer 1.
  sql_statement get_one;
  /// Drops the table `conformance` if it exists.
  sql_statement drop_table;
  /// Creates `conformance (id <64-bit integer> primary key, value <text>)`.
  sql_statement create_table;
  /// Inserts a row.
  std::function<sql_statement(std::int64_t id, sql_parameter value)> insert;
  /// Returns id and value of all rows, ordered by id.
  sql_statement select_all;
  /// Returns the values as they came: an integer, a floating point number, a
  /// text, a NULL.
  std::function<sql_statement(std::int64_t, double, std::string,
                              std::nullptr_t)>
    echo;
  /// Returns a binary parameter as it came.
  std::function<sql_statement(blob)> echo_bytes;
  /// Returns any value as it came.
  std::function<sql_statement(sql_value)> echo_value;
  /// Tells whether the backend refuses a value because it cannot keep it; null
  /// if it refuses none.
  std::function<bool(const sql_value&)> refuses;
  /// Returns three rows without a column.
  sql_statement three_bare_rows;
  /// Runs for minutes unless somebody stops it.
  sql_statement slow;
  /// Is refused for its spelling.
  sql_statement bad;
  /// Two statements in one text, each of them right.
  sql_statement two_at_once;
  /// Has a placeholder, but no parameter.
  sql_statement without_parameters;
  /// Returns more bytes than the pool's `max_result_bytes` allows.
  sql_statement too_large;
  /// Leaves a trace that survives a rollback: a setting, a temporary table.
  sql_statement leave_trace;
  /// Fails or returns no row when that trace is gone.
  sql_statement see_trace;
  sql_statement begin;
  sql_statement commit;
  sql_statement rollback;
  /// Fails, given the id of a row that is there, and dooms the transaction.
  std::function<sql_statement(std::int64_t id)> doom;

  // -- abilities -------------------------------------------------------------

  /// `cancel` stops a running statement, and the connection survives.
  bool can_cancel = true;
  /// `abort` frees a thread that is blocked in a statement.
  bool can_abort = true;
  /// `restrict_to_reads` works.
  bool can_restrict = true;
  /// Other connections are not blocked by one that is in a transaction and has
  /// `state()` knows at once that a use left nothing. Otherwise it may be in
  /// doubt, and a reset settles that.
  bool is_never_in_doubt = true;
  /// written; a backend with one connection leaves that out by itself.
  bool has_transactions = true;
};

/// Runs the suite: one Catch2 section per promise of `backend.hpp`. Call it as
/// the only thing in a test case.
///
/// What a backend promises beyond the docstrings there: after `close` or
/// `abort` every call returns an error (no crash, no hang) and `state()` is
/// `trace::broken`; a deadline that has passed fails the call at once and
/// nothing takes effect; a second `close` does nothing; the destructor alone
/// ends an open transaction.
void run_conformance(const backend_under_test& what);

} // namespace caf_pool::test
