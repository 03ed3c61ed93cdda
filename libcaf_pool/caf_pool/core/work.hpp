#pragma once

#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/redis_value.hpp"
#include "caf_pool/core/sql_result.hpp"
#include "caf_pool/core/sql_statement.hpp"

#include <initializer_list>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace caf_pool {

/// Statements for a server that speaks SQL: one that stands for itself, or
/// several that are one transaction.
struct sql_batch {
  std::vector<sql_statement> statements;

  friend bool operator==(const sql_batch&, const sql_batch&) = default;
};

/// Work for a backend of a user's own, or what came of it, in that backend's
/// words: the pool carries it and does not look inside.
struct opaque {
  /// The kind of the backend that understands it, as `backend::kind` tells it.
  std::string kind;
  std::string bytes;

  friend bool operator==(const opaque&, const opaque&) = default;
};

/// What is to be done on a connection. A kind of server adds an alternative.
///
/// Thread-safety: a plain value.
struct work {
  std::variant<sql_batch, opaque, redis_commands> what;

  work() = default;

  work(sql_statement x) {
    batch().push_back(std::move(x));
  }

  work(const char* sql) : work(sql_statement{sql}) {
    // nop
  }

  work(std::string sql) : work(sql_statement{std::move(sql)}) {
    // nop
  }

  work(std::vector<sql_statement> xs) : what(sql_batch{std::move(xs)}) {
    // nop
  }

  work(std::initializer_list<sql_statement> xs)
    : what(sql_batch{std::vector<sql_statement>{xs}}) {
    // nop
  }

  work(opaque x) : what(std::move(x)) {
    // nop
  }

  work(redis_command x) : what(redis_commands{}) {
    std::get<redis_commands>(what).items.push_back(std::move(x));
  }

  work(redis_commands x) : what(std::move(x)) {
    // nop
  }

  friend bool operator==(const work&, const work&) = default;

private:
  std::vector<sql_statement>& batch() {
    return std::get<sql_batch>(what).statements;
  }
};

/// What came of it: the same alternative, with a result for each statement of a
/// batch and a reply for each command.
///
/// Thread-safety: a plain value.
struct outcome {
  std::variant<std::vector<sql_result>, opaque, redis_replies> value;

  /// The results of a batch. Throws `std::bad_variant_access` for other work.
  std::vector<sql_result>& results() {
    return std::get<std::vector<sql_result>>(value);
  }

  const std::vector<sql_result>& results() const {
    return std::get<std::vector<sql_result>>(value);
  }

  /// The replies to commands. Throws `std::bad_variant_access` for other work.
  redis_replies& replies() {
    return std::get<redis_replies>(value);
  }

  const redis_replies& replies() const {
    return std::get<redis_replies>(value);
  }

  friend bool operator==(const outcome&, const outcome&) = default;
};

} // namespace caf_pool
