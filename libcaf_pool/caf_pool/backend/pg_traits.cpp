#include "caf_pool/backend/pg_traits.hpp"

#include "caf_pool/backend/pg_functions.hpp"
#include "caf_pool/backend/pg_lexer.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>

namespace caf_pool {

namespace {

bool one_of(const pg_token& x, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return x.is(word); });
}

constexpr pg_traits harmless() {
  return {.leaves_trace = false,
          .may_write = false,
          .commits = false,
          .may_change_settings = false,
          .drops_prepared = false,
          .copies = false,
          .preparable = false};
}

// Reads the body of a query or of a statement that changes rows, and takes back
// what `result` promises when a word speaks against it.
class body_reader {
public:
  body_reader(pg_lexer& lexer, pg_token first, pg_traits& result)
    : lexer_(lexer), last_(std::move(first)), result_(result) {
    // nop
  }

  void read() {
    for (auto token = lexer_.next(); token.kind != pg_token_kind::end;
         token = lexer_.next()) {
      if (token.kind == pg_token_kind::broken || token.is(';')) {
        // The server refuses a second statement; this is for the reader's ease.
        if (token.kind == pg_token_kind::broken
            || lexer_.next().kind != pg_token_kind::end) {
          distrust();
          result_.may_change_settings = true;
        }
        return;
      }
      look_at(token);
      before_last_ = std::move(last_);
      last_ = std::move(token);
    }
  }

private:
  void distrust() {
    result_.leaves_trace = true;
    result_.may_write = true;
  }

  void look_at(const pg_token& x) {
    if (x.is('('))
      look_at_call();
    else if (one_of(x, {"insert", "delete", "merge", "into"}))
      result_.may_write = true;
    else if (x.is("update") && !one_of(last_, {"for", "key"}))
      result_.may_write = true;
    else if (one_of(x, {"temp", "temporary"}) && last_.is("into"))
      result_.leaves_trace = true;
    else if (x.text.starts_with("pg_temp"))
      result_.leaves_trace = true;
    // INSERT INTO a.b (c): the name of a table, not of a function.
    if (last_.is("into"))
      table_name_ = true;
    else if (table_name_ && !x.is('.') && !last_.is('.'))
      table_name_ = false;
  }

  void look_at_call() {
    auto& name = last_;
    if (table_name_ || name.kind == pg_token_kind::symbol
        || name.kind == pg_token_kind::literal
        || (name.kind == pg_token_kind::word && pg_is_syntax(name.text)))
      return;
    // AS t (a, b) and WITH x (a) AS name columns.
    if (one_of(before_last_, {"as", "with", "recursive"}))
      return;
    if (name.kind == pg_token_kind::word && !qualified()) {
      if (pg_is_harmless(name.text))
        return;
      if (pg_is_sequence_function(name.text)) {
        result_.may_write = true;
        return;
      }
    }
    if (name.text == "set_config")
      result_.may_change_settings = true;
    distrust();
  }

  // A schema's name before the function's: may be a function of anybody.
  bool qualified() const {
    return before_last_.is('.');
  }

  pg_lexer& lexer_;
  pg_token last_;
  pg_token before_last_;
  bool table_name_ = false;
  pg_traits& result_;
};

pg_traits traits_of_body(pg_lexer& lexer, pg_token first, bool writes) {
  auto result = harmless();
  result.may_write = writes;
  result.preparable = true;
  body_reader{lexer, std::move(first), result}.read();
  return result;
}

// EXPLAIN runs its statement only with ANALYZE; look at it as if it did.
pg_traits traits_of_explain(pg_lexer& lexer, pg_token first) {
  auto result = traits_of_body(lexer, std::move(first), false);
  result.preparable = false;
  return result;
}

// SET LOCAL and SET TRANSACTION end with the transaction.
pg_traits traits_of_set(pg_lexer& lexer) {
  pg_traits result;
  auto word = lexer.next();
  result.leaves_trace = !one_of(word, {"local", "transaction", "constraints"});
  result.may_write = result.leaves_trace;
  return result;
}

pg_traits traits_of_transaction(pg_lexer& lexer, const pg_token& first) {
  auto result = harmless();
  result.commits = one_of(first, {"commit", "end"});
  for (auto x = lexer.next(); x.kind != pg_token_kind::end; x = lexer.next()) {
    // ROLLBACK PREPARED, COMMIT PREPARED.
    if (x.is("prepared"))
      result.commits = true;
    // BEGIN READ WRITE overrules a default.
    if (x.is("write"))
      result.may_change_settings = true;
    if (x.kind == pg_token_kind::broken)
      return {};
  }
  result.may_write = result.commits;
  return result;
}

// Defines or removes something for everybody. What may run a function on the
// way, or is for the session only, is left to doubt.
pg_traits traits_of_definition(pg_lexer& lexer, const pg_token& first) {
  auto last = lexer.next();
  auto known = !first.is("create")
               || one_of(last, {"table", "unlogged", "schema", "sequence"});
  for (auto x = last; x.kind != pg_token_kind::end; x = lexer.next()) {
    // CREATE TABLE ... AS SELECT, but not GENERATED ALWAYS AS IDENTITY.
    if (x.kind == pg_token_kind::broken || x.is(';')
        || x.text.starts_with("pg_temp")
        || (x.is("as") && !one_of(last, {"always", "default"})))
      known = false;
    last = std::move(x);
  }
  pg_traits result;
  result.leaves_trace = !known;
  result.may_change_settings = false;
  return result;
}

} // namespace

pg_traits pg_traits_of(std::string_view text) {
  pg_lexer lexer{text};
  auto first = lexer.next();
  while (first.is('('))
    first = lexer.next();
  if (one_of(first, {"select", "values", "table", "with"}))
    return traits_of_body(lexer, std::move(first), false);
  if (one_of(first, {"insert", "update", "delete", "merge"}))
    return traits_of_body(lexer, std::move(first), true);
  if (first.is("explain"))
    return traits_of_explain(lexer, std::move(first));
  if (first.is("show") || first.kind == pg_token_kind::end)
    return harmless();
  if (one_of(first, {"begin", "start", "commit", "end", "rollback", "abort",
                     "savepoint", "release"}))
    return traits_of_transaction(lexer, first);
  if (first.is("set"))
    return traits_of_set(lexer);
  if (one_of(first,
             {"create", "drop", "truncate", "comment", "grant", "revoke"}))
    return traits_of_definition(lexer, first);
  pg_traits result;
  result.copies = first.is("copy");
  result.commits = first.is("prepare") && lexer.next().is("transaction");
  result.drops_prepared = one_of(first, {"deallocate", "discard"});
  // Traces, but no settings.
  if (one_of(first, {"alter", "declare", "fetch", "move", "close", "notify",
                     "listen", "lock"}))
    result.may_change_settings = false;
  return result;
}

} // namespace caf_pool
