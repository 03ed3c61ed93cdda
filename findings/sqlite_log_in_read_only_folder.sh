#!/usr/bin/env bash
# SQLite cannot read a database with a write-ahead log from a folder that it
# may not write to, not even when it is told to read only.
#
# One would guess that `mode=ro` reads a file that was closed cleanly and has
# no log beside it, as a copy on a read-only volume. In WAL mode every reader
# takes part in an index of the log, a file that it has to make; the mode is
# kept in the database file. What is refused is the first statement, not the
# opening. `immutable=1` reads it; one byte of the header decides (18: 2).
#
# Version: SQLite 3.40.1.
# Seen:    journal_mode=DELETE, mode=ro:      rows
#          journal_mode=WAL, mode=ro:         SQLITE_READONLY (8), "attempt to
#          write a readonly database"
#          journal_mode=WAL, immutable=1:     rows
# Source:  SQLite, "Write-Ahead Logging", section 5 (Read-Only Databases);
#          src/os_unix.c, unixOpen(): SQLITE_READONLY_DIRECTORY.
#
# For a pool: a probe by "SELECT 1" reads no page and calls the pool healthy;
# ask for something of the file.

# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"

fetch sqlite3=3.40.1-2+deb12u2 libsqlite3-0=3.40.1-2+deb12u2 libreadline8 \
  libtinfo6
sqlite=$root/usr/bin/sqlite3

# read_of <journal mode> <query of the URI> <statement>
read_of() {
  local folder=$tmp/$1
  if [ ! -e "$folder" ]; then
    mkdir "$folder"
    "$sqlite" "$folder/a.db" >"$tmp/log" "PRAGMA journal_mode = $1;
      CREATE TABLE t (n); INSERT INTO t VALUES (1), (2), (3);"
    chmod 444 "$folder/a.db"
    chmod 555 "$folder"
  fi
  as_nobody env HOME="$tmp" "$sqlite" "file:$folder/a.db?$2" "$3" 2>&1 |
    grep -o '^[0-9]*$\|([0-9]*)$' || true
}

rows="SELECT count(*) FROM t"
expect "rows of a rollback journal's file" 3 "$(read_of DELETE mode=ro "$rows")"
expect "rows of a log's file" "(8)" "$(read_of WAL mode=ro "$rows")"
expect "what reads no page" 1 "$(read_of WAL mode=ro "SELECT 1")"
expect "rows of a log's file that never changes" 3 \
  "$(read_of WAL immutable=1 "$rows")"
