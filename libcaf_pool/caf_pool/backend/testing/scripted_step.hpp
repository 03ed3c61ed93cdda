#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/backend/testing/backend_call.hpp"
#include "caf_pool/core/error.hpp"
#include "caf_pool/core/sql_result.hpp"
#include "caf_pool/core/sql_statement.hpp"
#include "caf_pool/core/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace caf_pool {

/// One call that reached a scripted backend.
struct scripted_record {
  backend_call kind = backend_call::open;
  /// Counts from 1 in the order of the `open` calls, failed ones included.
  std::uint64_t connection = 0;
  /// The statement, or the policy of a reset.
  std::string text;
  std::vector<sql_value> parameters;
  /// `never` for calls without a deadline.
  time_point deadline = never;
};

/// What a scripted backend does with a call.
struct scripted_answer {
  /// Success unless a code is set.
  error failure;
  /// What `execute` returns on success.
  sql_result rows;
  /// Waits for `let_pass`. A deadline, a cancel (for `execute`) and an abort
  /// end the waiting with the error that belongs to each.
  bool held = false;
  /// Like a frozen driver: while held, only `let_pass` and `abort` help.
  bool deaf = false;
  /// The connection is broken afterwards; implied by `connection_lost` and
  /// `outcome_unknown`.
  bool breaks = false;
  /// The connection is dirty afterwards, until the next reset.
  bool dirties = false;
  /// What the connection says of its transaction afterwards; it says what it
  /// said before if this is not set, and `unknown` at first.
  std::optional<transaction_status> transaction = {};
};

/// One line of a script: the expected call, and what happens to it.
struct scripted_step {
  backend_call kind = backend_call::open;
  /// Any text is right if none is given.
  std::optional<std::string> text;
  scripted_answer answer;
};

/// What `native_handle()` of a scripted connection points to.
struct scripted_handle {
  /// As in `scripted_record`.
  std::uint64_t connection = 0;
};

} // namespace caf_pool
