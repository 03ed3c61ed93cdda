#pragma once

#include "support/catch_compat.hpp"
#include "support/conformance.hpp"
#include "support/eventually.hpp"

#include <atomic>
#include <optional>
#include <string>
#include <thread>

namespace caf_pool::test {

/// One backend with the table made anew, and short ways to use it.
class bench {
public:
  explicit bench(const backend_under_test& what)
    : what_(what), backend_(what.make()) {
    REQUIRE(backend_ != nullptr);
  }

  const backend_under_test& spec() const noexcept {
    return what_;
  }

  backend& server() noexcept {
    return *backend_;
  }

  time_point soon() const {
    return clock::now() + what_.patience;
  }

  connection_ptr open() {
    auto conn = backend_->open(soon());
    INFO(message(conn));
    REQUIRE(conn);
    REQUIRE(*conn != nullptr);
    return *std::move(conn);
  }

  /// Opens a connection and makes the table anew.
  connection_ptr open_with_table() {
    auto conn = open();
    ok(*conn, what_.drop_table);
    ok(*conn, what_.create_table);
    return conn;
  }

  result<sql_result> run(connection& conn, const sql_statement& stmt) {
    return conn.execute(stmt, soon());
  }

  sql_result ok(connection& conn, const sql_statement& stmt) {
    auto rows = run(conn, stmt);
    INFO(stmt.text << " -> " << message(rows));
    REQUIRE(rows);
    return *std::move(rows);
  }

  /// Shows that the connection works.
  void works(connection& conn);

  /// Shows that the connection is of no use any more, and says so.
  void is_gone(connection& conn);

  /// Shows that a use left nothing, or that there is a mere doubt.
  void left_nothing(connection& conn);

  /// Shows that a reset works and leaves nothing known behind.
  void reset(connection& conn, reset_policy policy);

  std::size_t rows(connection& conn) {
    return ok(conn, what_.select_all).size();
  }

  bool has_table() const {
    return has(what_.create_table) && has(what_.drop_table) && what_.insert
           && has(what_.select_all);
  }

  bool has_transactions() const {
    return what_.has_transactions && has_table() && has(what_.begin)
           && has(what_.commit) && has(what_.rollback);
  }

  static bool has(const sql_statement& stmt) {
    return !stmt.text.empty();
  }

  template <class T>
  static std::string message(const result<T>& x) {
    return x ? std::string{"no error"} : to_string(x.error());
  }

private:
  const backend_under_test& what_;
  backend_ptr backend_;
};

/// Runs `slow` in a thread of its own.
class slow_call {
public:
  slow_call(bench& env, connection& conn)
    : thread_([this, &env, &conn] {
        auto began = clock::now();
        result_ = conn.execute(env.spec().slow,
                               clock::now() + std::chrono::minutes{5});
        took_ = clock::now() - began;
        done_ = true;
      }) {
    // nop
  }

  ~slow_call() {
    thread_.join();
  }

  bool done() const noexcept {
    return done_;
  }

  /// Calls `f` every few milliseconds until the statement has ended: whether
  /// the server has begun with it by now is hard to know from outside.
  template <class F>
  errc stop_by(F f) {
    bool ended = eventually([&] {
      if (!done_)
        f();
      return done_.load();
    });
    CHECK(ended);
    if (!ended || !result_)
      return errc::none;
    CHECK_FALSE(*result_);
    return *result_ ? errc::none : result_->error().code;
  }

private:
  std::optional<result<sql_result>> result_;
  duration took_{};
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

void check_endings(bench& env);
void check_extremes(bench& env);
void check_transactions(bench& env);

} // namespace caf_pool::test
