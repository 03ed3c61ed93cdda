#!/usr/bin/env bash
# A prepared INSERT keeps the type that its column had, for the session's life.
#
# One would guess that PostgreSQL, which plans a prepared statement again after
# ALTER TABLE, finds the types of its parameters again, too. It keeps them: a
# value that fits the wider column is refused, or is cut to the narrower type
# without an error, as often as it is tried, until somebody prepares the text
# anew. A prepared SELECT says so at least ("cached plan must not change result
# type").
#
# Version: PostgreSQL 15.18, by SQL's PREPARE.
# Seen:    int -> bigint, 5000000000: 22003 each time, new session: stored
#          numeric(6,2) -> numeric(9,5), 1.23456: stored exactly (a modifier is
#          no type); real -> double precision, 0.1: stored as
#          0.10000000149011612 without an error
# Source:  PostgreSQL, src/backend/utils/cache/plancache.c:
#          RevalidateCachedQuery() analyzes the text with the parameter types
#          of its first analysis.
#
# For a pool: a cache of prepared statements is a memory of the schema. Write
# the types (`$1::bigint`), or prepare only what means the same in any column.

# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"

start_postgres

# stored_after <type> <wider type> <value>: what a prepared INSERT stores, or
# the error, when another session changes the column in between.
stored_after() {
  sql <<<"
    DROP TABLE IF EXISTS t;
    CREATE TABLE t (v $1);
    PREPARE put AS INSERT INTO t VALUES (\$1);
    EXECUTE put (1);
    DELETE FROM t;
    \\! \"$server/psql\" -Xqc \"ALTER TABLE t ALTER v TYPE $2\"
    EXECUTE put ('$3');
    EXECUTE put ('$3');
    SELECT v FROM t LIMIT 1;" | grep -v NOTICE | sort -u | paste -sd' '
}

expect "int becomes bigint, 5000000000" "ERROR:  22003" \
  "$(stored_after int bigint 5000000000)"
expect "real becomes double precision, 0.1" 0.10000000149011612 \
  "$(stored_after real 'double precision' 0.1)"
expect "numeric(6,2) becomes numeric(9,5), 1.23456" 1.23456 \
  "$(stored_after 'numeric(6,2)' 'numeric(9,5)' 1.23456)"
