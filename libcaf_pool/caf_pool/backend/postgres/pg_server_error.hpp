#pragma once

#include <libpq-fe.h>

#include <string>
#include <string_view>

namespace caf_pool {

/// What the server said when it refused a statement.
struct pg_server_error {
  std::string severity;
  std::string sqlstate;
  /// The message with detail and hint.
  std::string text;
  /// The server's function that raised it: never translated.
  std::string source;
  /// Raised for the statement itself, not for one that a function ran.
  bool outermost = true;

  static pg_server_error from(const PGresult* what);

  /// What a statement that was prepared earlier may say when tables, columns,
  /// types or functions are others by now, or when it is gone: errors of whole
  /// classes, because values are read as the types of that time.
  bool may_be_outdated() const;

  /// The server itself ended the session and rolled back what it did at that
  /// moment: no doubt is left. Not so for a panic, for the crash of another
  /// session, which may come just after a commit, and for what a pooler says
  /// of a server that it lost.
  bool is_verdict() const;

  /// Not the server, but libpq says that it has no memory.
  bool is_out_of_memory() const;

  /// The server did not understand the text, so nothing of it was run.
  bool is_misspelt() const;
};

/// Adds what somebody else said of the same event, unless the text says it.
void pg_add_words(std::string& text, std::string_view link,
                  std::string_view more);

/// Returns what libpq said last, in one line.
std::string pg_error_text(const PGconn* raw);

} // namespace caf_pool
