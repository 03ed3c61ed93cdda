#!/usr/bin/env bash
# A full Redis answers a read, but not inside a transaction.
#
# One would guess that a server at its maxmemory (policy noeviction) refuses
# writes and goes on with reads, in a transaction or not. Redis 7.0 refuses every
# command that is queued behind MULTI, GET too, with the error for writes, and
# that refusal dooms the transaction: EXEC does nothing.
#
# Version: redis-server 7.0.15 (Debian 12). Redis 8.0 queues the read.
# Seen:    GET alone:      v
#          MULTI, GET:     OOM command not allowed when used memory > 'maxmemory'.
#          EXEC:           EXECABORT Transaction discarded because of previous
#                          errors.
# Source:  Redis 7.0, src/server.c: processCommand() sets reject_cmd_on_oom for
#          each command of a client in MULTI but EXEC, DISCARD, QUIT and RESET.
#
# For a client: reads that must go on when the server is full do not belong into
# MULTI; a pipeline or MGET does.

# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"

start_redis_7

said=$(printf '%s\n' 'SET k v' 'CONFIG SET maxmemory 1' 'GET k' 'SET k w' \
  MULTI 'GET k' EXEC | redis | grep -v '^$')

line() {
  sed -n "$1p" <<<"$said"
}

full="OOM command not allowed when used memory > 'maxmemory'."
expect "GET" v "$(line 3)"
expect "SET" "$full" "$(line 4)"
expect "GET behind MULTI" "$full" "$(line 6)"
expect "EXEC" "EXECABORT Transaction discarded because of previous errors." \
  "$(line 7)"
