# shellcheck shell=bash
# What the findings share; sourced, not run.
#
# Sets `tmp`, a folder that ends with the script, and `root`, where packages
# are unpacked. Nothing is installed in the system.

set -euo pipefail

tmp=$(mktemp -d)
chmod 755 "$tmp"
root=$tmp/root
server=
redis_process=
mkdir "$root"

finish() {
  if [ -n "$server" ]; then
    as_nobody "$server/pg_ctl" -s -m immediate -D "$tmp/data" stop || true
  fi
  if [ -n "$redis_process" ]; then
    kill "$redis_process" || true
    wait "$redis_process" || true
  fi
  rm -rf "$tmp"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# fetch <package=version>...: unpacks packages of Debian below `root`.
fetch() {
  local cache=$tmp/cache
  mkdir -p "$cache"
  chmod 777 "$cache"
  if ! (cd "$cache" && apt-get -qq download "$@") >"$tmp/apt" 2>&1; then
    apt-get -qq update >"$tmp/apt" 2>&1 || true
    if ! (cd "$cache" && apt-get -qq download "$@") >"$tmp/apt" 2>&1; then
      cat "$tmp/apt" >&2
      echo "cannot fetch these packages any more: $*" >&2
      exit 69
    fi
  fi
  local file
  for file in "$cache"/*.deb; do
    dpkg -x "$file" "$root"
    rm "$file"
  done
  local libraries
  libraries=$root/usr/lib/$(uname -m)-linux-gnu
  export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
}

# PostgreSQL refuses to run as root, and root may write everywhere.
as_nobody() {
  setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# start_postgres: PostgreSQL 15.18 of Debian 12 on a unix socket in `tmp`.
start_postgres() {
  run_postgres 15 15.18-0+deb12u1 libllvm14=1:14.0.6-12 libicu72 libldap-2.5-0
}

# start_postgres_17: the same with 17.12 of Debian 13.
start_postgres_17() {
  run_postgres 17 17.12-0+deb13u1 libllvm19 libicu76 libldap2 libnuma1 liburing2
}

# run_postgres <major> <version> <package>...: with these and the libraries that
# it always links.
run_postgres() {
  local major=$1 version=$2
  shift 2
  fetch "postgresql-$major=$version" "postgresql-client-$major=$version" \
    "libpq5=$version" libz3-4 libedit2 libbsd0 libxml2 libxslt1.1 libsasl2-2 \
    "$@"
  server=$root/usr/lib/postgresql/$major/bin
  install -d -o 65534 -g 65534 "$tmp/data" "$tmp/socket"
  as_nobody "$server/initdb" -D "$tmp/data" -A trust -U app -N >"$tmp/log"
  as_nobody "$server/pg_ctl" -s -w -D "$tmp/data" -l "$tmp/data/log" \
    -o "-c listen_addresses='' -c unix_socket_directories='$tmp/socket'" start
  export PGHOST=$tmp/socket PGUSER=app PGDATABASE=postgres
}

# start_redis_7: Redis 7.0.15 of Debian 12 on a unix socket in `tmp`.
start_redis_7() {
  local version=5:7.0.15-1~deb12u10
  fetch "redis-server=$version" "redis-tools=$version" libhiredis0.14 \
    libjemalloc2 liblua5.1-0 liblzf1 libatomic1 libsystemd0
  "$root/usr/bin/redis-server" --port 0 --unixsocket "$tmp/redis.sock" \
    --save '' --dir "$tmp" >"$tmp/log" &
  redis_process=$!
  until redis PING >/dev/null 2>&1; do
    kill -0 "$redis_process" || exit 69
    sleep 0.1
  done
}

# redis: runs standard input, a command a line, on one connection.
redis() {
  "$root/usr/bin/redis-cli" -s "$tmp/redis.sock" "$@"
}

# sql: runs standard input in one session, prints rows, errors with SQLSTATE.
sql() {
  "$server/psql" -XAtq -v VERBOSITY=sqlstate 2>&1
}

# expect <what> <expected> <seen>
expect() {
  if [ "$2" != "$3" ]; then
    printf 'changed: %s\n  as found: %s\n  now:      %s\n' "$1" "$2" "$3" >&2
    exit 1
  fi
  printf 'still so: %s: %s\n' "$1" "$3"
}

# build_with_libpq <name>: compiles "$tmp/<name>.c" against the fetched libpq.
build_with_libpq() {
  local folder
  folder=$root/usr/lib/$(uname -m)-linux-gnu
  cc -I "$root/usr/include/postgresql" "$tmp/$1.c" -o "$tmp/$1" \
    "$folder/libpq.so.5"
}
