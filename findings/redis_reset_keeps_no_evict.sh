#!/usr/bin/env bash
# RESET does not end CLIENT NO-EVICT.
#
# One would guess that RESET brings a connection of Redis into the state of a
# new one: it ends transactions, subscriptions, tracking, MONITOR, the login and
# the name. The mark of CLIENT NO-EVICT stays: the next user of the connection
# is spared when maxmemory-clients evicts others.
#
# Version: redis-server 7.0.15 (Debian 12). Redis 8.0 and Valkey 8.1 clear it.
# Seen:    after CLIENT NO-EVICT ON:  flags=Ne
#          after RESET:               flags=Ne
#          after NO-EVICT OFF:        flags=N
# Source:  Redis 7.0, src/networking.c: resetCommand() clears a list of flags
#          which CLIENT_NO_EVICT is not part of.
#
# For a pool: RESET alone is no way to clean a connection for the next holder;
# CLIENT NO-EVICT OFF has to go with it.

# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"

start_redis_7

# flags <command>...: what CLIENT INFO says behind these, on one connection.
flags() {
  printf '%s\n' "$@" 'CLIENT INFO' | redis \
    | sed -n 's/.* flags=\([A-Za-z]*\) .*/\1/p' | tr -d U
}

expect "a new connection" "" "$(flags 'PING')"
expect "CLIENT NO-EVICT ON" e "$(flags 'CLIENT NO-EVICT ON')"
expect "RESET behind it" e "$(flags 'CLIENT NO-EVICT ON' 'RESET')"
expect "NO-EVICT OFF behind it" "" \
  "$(flags 'CLIENT NO-EVICT ON' 'RESET' 'CLIENT NO-EVICT OFF')"
