#!/usr/bin/env bash
# DISCARD ALL does not make a session as new as a fresh one: a setting of the
# application's own stays known, with an empty text.
#
# One would guess that `current_setting(name, true)`, which is NULL where
# nobody ever set that name, is NULL again after RESET or DISCARD ALL. It is ''
# for the rest of the session; after a SET LOCAL and its transaction's end, too.
#
# Version: PostgreSQL 15.18.
# Seen:    a new session: NULL; after SET and DISCARD ALL: ''
# Source:  PostgreSQL, src/backend/utils/misc/guc.c: find_option() makes a
#          placeholder whose reset value is the empty text, and nothing removes
#          placeholders; documentation of current_setting() and DISCARD do not
#          say so.
#
# For a pool: policies of row level security such as
# `tenant = current_setting('app.tenant', true)` see another value on a used
# connection than on a new one. Compare with nullif(..., '').

# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"

start_postgres

question="SELECT coalesce(quote_literal(current_setting('app.tenant', true)),
                          'NULL');"

expect "in a new session" NULL "$(sql <<<"$question")"
expect "after SET and DISCARD ALL" "''" "$(sql <<<"
  SET app.tenant = 'one';
  DISCARD ALL;
  $question")"
expect "after SET LOCAL and COMMIT" "''" "$(sql <<<"
  BEGIN;
  SET LOCAL app.tenant = 'one';
  COMMIT;
  $question")"
