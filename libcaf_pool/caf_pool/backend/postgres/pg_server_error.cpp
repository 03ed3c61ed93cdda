#include "caf_pool/backend/postgres/pg_server_error.hpp"

#include "caf_pool/backend/postgres/pg_notices.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace caf_pool {

namespace {

// libpq appends the same lines for each call that failed.
std::string in_one_line(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    while (!line.empty() && (line.front() == '\t' || line.front() == ' '))
      line.remove_prefix(1);
    if (!line.empty() && result.find(line) == result.npos)
      (result.empty() ? result : result += ' ') += line;
  }
  return result;
}

} // namespace

pg_server_error pg_server_error::from(const PGresult* what) {
  pg_server_error result;
  result.severity = pg_field(what, PG_DIAG_SEVERITY_NONLOCALIZED);
  result.sqlstate = pg_field(what, PG_DIAG_SQLSTATE);
  result.text = pg_field(what, PG_DIAG_MESSAGE_PRIMARY);
  result.source = pg_field(what, PG_DIAG_SOURCE_FUNCTION);
  result.outermost = pg_field(what, PG_DIAG_INTERNAL_QUERY).empty()
                     && pg_field(what, PG_DIAG_CONTEXT).empty();
  for (auto field : {PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT})
    pg_add_words(result.text, "; ", pg_field(what, field));
  // libpq's own errors have no fields.
  if (result.text.empty())
    result.text = in_one_line(PQresultErrorMessage(what));
  return result;
}

bool pg_server_error::may_be_outdated() const {
  constexpr std::string_view classes[] = {
    "0A", // "cached plan must not change result type"
    "22", // a value that the old type does not take
    "26", // the prepared statement is gone
    "42", // an operator or cast that the new type does not have
    "XX", // a type or function that is gone
  };
  return std::any_of(std::begin(classes), std::end(classes),
                     [this](auto x) { return sqlstate.starts_with(x); });
}

bool pg_server_error::is_verdict() const {
  // Only the server names the function that raised it.
  return severity == "FATAL" && !source.empty() && !sqlstate.starts_with("08")
         && sqlstate != "57P02";
}

bool pg_server_error::is_out_of_memory() const {
  return sqlstate.empty()
         && (text.find("out of memory") != std::string::npos
             || text.find("cannot allocate memory") != std::string::npos);
}

bool pg_server_error::is_misspelt() const {
  return outermost
         && (source == "scanner_yyerror" || source == "exec_parse_message");
}

void pg_add_words(std::string& text, std::string_view link,
                  std::string_view more) {
  if (!more.empty() && text.find(more) == text.npos)
    (text += link) += more;
}

std::string pg_error_text(const PGconn* raw) {
  return in_one_line(PQerrorMessage(raw));
}

} // namespace caf_pool
