#!/usr/bin/env bash
# A setting that forbids a kind of plan makes PostgreSQL compile short queries.
#
# One would guess that `enable_seqscan = off` changes at most which plan is
# taken. Where there is no other plan, PostgreSQL adds 10^10 to its cost; JIT
# asks nothing but that cost, finds the query expensive (jit_above_cost is
# 100 000) and compiles it with all optimizations: many times what it takes to
# run. With `parallel_setup_cost` raised to keep plans from being parallel, a
# forced parallel plan (force_parallel_mode) does the same.
#
# Version: PostgreSQL 15.18 with LLVM 14, default settings.
# Seen:    EXPLAIN ANALYZE of a count over pg_class: no JIT as a rule; with
#          enable_seqscan = off, and with parallel_setup_cost = 1e9 and
#          force_parallel_mode = on, "JIT: Functions: ..., Optimization true"
# Source:  PostgreSQL, src/backend/optimizer/path/costsize.c (disable_cost) and
#          src/backend/optimizer/plan/planner.c (jit_above_cost). PostgreSQL 18
#          counts disabled nodes instead of adding a cost.
#
# For a pool: whoever plans with such settings, to ask the planner something or
# for a test, turns `jit` off in the same session.

# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"

start_postgres

# compiles <settings>: whether the query is compiled with optimizations.
compiles() {
  sql <<<"
    $1
    EXPLAIN ANALYZE SELECT count(*) FROM pg_class WHERE relpages >= 0;" |
    grep -c 'Optimization true' || true
}

expect "by default it is compiled" 0 "$(compiles "")"
expect "without sequential scans it is compiled" 1 \
  "$(compiles "SET enable_seqscan = off;")"
expect "with dear parallel plans, one forced, it is compiled" 1 \
  "$(compiles "SET parallel_setup_cost = 1e9; SET force_parallel_mode = on;")"
expect "with jit off as well it is compiled" 0 \
  "$(compiles "SET enable_seqscan = off; SET jit = off;")"
