#!/usr/bin/env bash
# Rows in chunks: libpq gives the command's tag with the last rows, or after.
#
# One would guess that PQsetChunkedRowsMode ends as PQsetSingleRowMode does: an
# empty PGRES_TUPLES_OK comes last and carries the tag, such as "SELECT 1". In
# chunks that result has an empty tag, and so no PQcmdTuples either, unless the
# number of rows is a multiple of the chunk's size: then the tag is there after
# all. Otherwise the last chunk has it, which single rows never do.
#
# Version: libpq 17.12, PostgreSQL 17.12 (Debian 13, where this has to run).
# Seen:    1 row, chunks of 4: CHUNK "SELECT 1", OK ""
#          4 rows:             CHUNK "", OK "SELECT 4"
#          5 rows:             CHUNK "", CHUNK "SELECT 5", OK ""
#          1 row, singly:      SINGLE "", OK "SELECT 1"
# Source:  PostgreSQL 17, src/interfaces/libpq/fe-protocol3.c: pqParseInput3()
#          writes the tag of CommandComplete into the pending result, which is
#          the chunk that is not full yet; fe-exec.c: PQgetResult() then makes
#          an empty result for the end.
#
# For a client: take the tag from whichever result has one. What waits for the
# last result to learn what a statement was, learns nothing.

# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"

start_postgres_17
fetch libpq-dev=17.12-0+deb13u1

cat >"$tmp/ask.c" <<'END'
#include <libpq-fe.h>
#include <stdio.h>

static void ask(PGconn *conn, int rows, int chunk) {
  char sql[80];
  PGresult *part;
  snprintf(sql, sizeof(sql), "SELECT generate_series(1, %d)", rows);
  PQsendQuery(conn, sql);
  if (chunk > 1)
    PQsetChunkedRowsMode(conn, chunk);
  else
    PQsetSingleRowMode(conn);
  while ((part = PQgetResult(conn)) != NULL) {
    printf("%s \"%s\";", PQresStatus(PQresultStatus(part)) + 6,
           PQcmdStatus(part));
    PQclear(part);
  }
  printf("\n");
}

int main(void) {
  PGconn *conn = PQconnectdb("");
  ask(conn, 1, 4);
  ask(conn, 4, 4);
  ask(conn, 5, 4);
  ask(conn, 1, 1);
  PQfinish(conn);
  return 0;
}
END
build_with_libpq ask
"$tmp/ask" >"$tmp/said"

line() {
  sed -n "$1p" "$tmp/said"
}

expect "1 row, chunks of 4" \
  'TUPLES_CHUNK "SELECT 1";TUPLES_OK "";' "$(line 1)"
expect "4 rows, chunks of 4" \
  'TUPLES_CHUNK "";TUPLES_OK "SELECT 4";' "$(line 2)"
expect "5 rows, chunks of 4" \
  'TUPLES_CHUNK "";TUPLES_CHUNK "SELECT 5";TUPLES_OK "";' "$(line 3)"
expect "1 row, singly" \
  'SINGLE_TUPLE "";TUPLES_OK "SELECT 1";' "$(line 4)"
