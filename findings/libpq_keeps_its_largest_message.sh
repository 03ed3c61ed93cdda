#!/usr/bin/env bash
# A connection of libpq keeps the room of the largest message that it ever got.
#
# One would guess that rows one by one (PQsetSingleRowMode) bound what a client
# holds, and that PQclear gives back what a result took. A row is one message,
# and libpq makes room for a whole message before it looks into it; the buffer
# doubles, and never shrinks while the connection lives.
#
# Version: libpq 15.18, PostgreSQL 15.18.
# Seen:    one value of 50 MB, in single-row mode: over 100 MB while the row is
#          there; over 50 MB after PQclear and a further short query; next to
#          nothing after PQfinish
# Source:  PostgreSQL, src/interfaces/libpq/fe-misc.c: pqCheckInBufferSpace()
#          enlarges conn->inBuffer; only the end of the connection frees it.
#
# For a pool: a single large value makes a long-lived connection large for
# good. Replace it after such a statement.

# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"

start_postgres
fetch libpq-dev=15.18-0+deb12u1

cat >"$tmp/ask.c" <<'END'
#include <libpq-fe.h>
#include <malloc.h>
#include <stdio.h>

static void say(const char *when) {
  struct mallinfo2 x = mallinfo2();
  printf("%s %zu\n", when, (x.uordblks + x.hblkhd) >> 20);
}

static void ask(PGconn *conn, const char *sql, const char *when) {
  PGresult *row;
  PQsendQuery(conn, sql);
  PQsetSingleRowMode(conn);
  while ((row = PQgetResult(conn)) != NULL) {
    if (PQresultStatus(row) == PGRES_SINGLE_TUPLE)
      say(when);
    PQclear(row);
  }
}

int main(void) {
  PGconn *conn = PQconnectdb("");
  ask(conn, "SELECT 1", "new");
  ask(conn, "SELECT repeat('x', 50000000)", "large");
  ask(conn, "SELECT 1", "cleared");
  PQfinish(conn);
  say("finished");
  return 0;
}
END
build_with_libpq ask
"$tmp/ask" >"$tmp/said"

# Megabytes, in steps of 50.
at() {
  awk -v when="$1" '$1 == when { print int($2 / 50) * 50 }' "$tmp/said"
}

expect "MB of a new connection" 0 "$(at new)"
expect "MB while the row is there" 100 "$(at large)"
expect "MB after the row and a short query" 50 "$(at cleared)"
expect "MB after the connection" 0 "$(at finished)"
