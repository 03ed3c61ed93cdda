# shellcheck shell=bash
# Shared by apps/run and tests/run: which Debian packages are needed, how they
# are installed, and how the project is built. Sourced, never run by itself.

setup_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# -- packages ------------------------------------------------------------------

# Prints the release whose names apply. Debian 12 is the oldest one supported;
# anything else, derivatives included, is tried with Debian 13's names.
setup_release() {
  local id='' version=''
  if [ -r /etc/os-release ]; then
    # shellcheck source=/dev/null
    id=$(. /etc/os-release && printf %s "${ID:-}")
    # shellcheck source=/dev/null
    version=$(. /etc/os-release && printf %s "${VERSION_ID:-}")
  fi
  if [ "$id" = debian ] && [ "$version" = 12 ]; then
    echo 12
  else
    echo 13
  fi
}

# What names of clang's packages and programs end with: Debian 12's own clang 14
# does not know std::source_location.
setup_clang() {
  if [ "$(setup_release)" = 12 ]; then
    echo -16
  fi
}

# setup_packages <group>: the names of a group, one a line.
setup_packages() {
  local release
  release=$(setup_release)
  case $1 in
    build)
      # Tools, actors and drivers, then configuration, admin and logging.
      printf '%s\n' g++ cmake ninja-build ccache \
        libcaf-dev libpqxx-dev libpq-dev libsqlite3-dev libhiredis-dev \
        libtomlplusplus-dev libcli11-dev nlohmann-json3-dev \
        libspdlog-dev libfmt-dev prometheus-cpp-dev libsystemd-dev \
        libssl-dev
      case $release in
        12) printf '%s\n' pkg-config libboost1.81-dev libboost-url1.81-dev ;;
        *) printf '%s\n' pkgconf libboost1.83-dev libboost-url1.83-dev ;;
      esac
      ;;
    test)
      # The prometheus package brings promtool, redis-server brings redis-cli.
      printf '%s\n' librapidcheck-dev openssl patch pgbouncer postgresql \
        prometheus redis-server shellcheck
      case $release in
        12) printf '%s\n' catch2 ;;
        *) printf '%s\n' libcatch2-dev ;;
      esac
      ;;
    fuzz)
      printf '%s\n' "clang$(setup_clang)" "libclang-rt$(setup_clang)-dev"
      ;;
    tidy)
      printf '%s\n' "clang-tidy$(setup_clang)"
      ;;
  esac
}

# setup_missing <group>...: the packages of these groups that are not installed.
setup_missing() {
  local wanted installed group
  wanted=$(for group in "$@"; do setup_packages "$group"; done | sort -u)
  # shellcheck disable=SC2016,SC2086
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' $wanted \
    2>/dev/null | sed -n 's/^.i  *//p' | sort -u)
  comm -23 <(printf '%s\n' "$wanted") <(printf '%s\n' "$installed")
}

setup_say() {
  printf '==> %s\n' "$*" >&2
}

setup_fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# -- installing ----------------------------------------------------------------

# Runs a command as root: directly, or by sudo.
setup_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    setup_fail "this needs root: run as root, install sudo, or install the" \
      "packages named above by hand"
  fi
}

# The tests start private servers of their own. A fresh installation of
# PostgreSQL would also make a cluster and start it as a service; pgbouncer,
# prometheus and redis-server would start theirs. All are kept quiet while they
# install; a file that exists already is left alone.
setup_policy=/usr/sbin/policy-rc.d
setup_cluster=/etc/postgresql-common/createcluster.d/caf_pool.conf
setup_quiet_files=()

# Services of packages of which only the programs are used.
setup_unwanted='prometheus redis-server'

setup_quiet_begin() {
  trap setup_quiet_end EXIT
  if [ ! -e "$setup_policy" ]; then
    setup_quiet_files+=("$setup_policy")
    printf '#!/bin/sh\nexit 101\n' | setup_root tee "$setup_policy" >/dev/null
    setup_root chmod 755 "$setup_policy"
  fi
  if [ ! -e "$setup_cluster" ]; then
    setup_quiet_files+=("$setup_cluster")
    setup_root mkdir -p "$(dirname "$setup_cluster")"
    echo 'create_main_cluster = false' \
      | setup_root tee "$setup_cluster" >/dev/null
  fi
}

setup_quiet_end() {
  local file
  for file in "${setup_quiet_files[@]}"; do
    setup_root rm -f "$file"
  done
  setup_quiet_files=()
  trap - EXIT
}

# setup_quiet_boot <service>...: these services do not start with the machine.
setup_quiet_boot() {
  local service
  for service in "$@"; do
    if [ -d /run/systemd/system ]; then
      setup_root systemctl --quiet disable "$service.service" >&2 || true
    else
      setup_root /usr/sbin/update-rc.d "$service" disable >&2 || true
    fi
  done
}

# setup_install <group>...: installs what is missing and says what that is.
# Never removes a package to make room.
setup_install() {
  local missing fresh
  command -v dpkg-query >/dev/null \
    || setup_fail "this set-up knows Debian and its derivatives only; the" \
      "needed libraries are listed in cmake/setup.sh"
  missing=$(setup_missing "$@")
  [ -n "$missing" ] || return 0
  # shellcheck disable=SC2086
  setup_say "installing:" $missing
  setup_quiet_begin
  setup_root apt-get update -q >&2 \
    || setup_say "apt-get update had problems, trying with what is known"
  # shellcheck disable=SC2086
  fresh=$(printf '%s\n' $setup_unwanted | grep -xF "$missing" || true)
  # shellcheck disable=SC2086
  setup_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
    --no-install-recommends --no-remove $missing >&2 \
    || setup_fail "apt-get could not install the packages named above." \
      "If it wanted to remove something (libboost-dev of another version" \
      "conflicts with the one needed here), decide by hand and run again"
  # shellcheck disable=SC2086
  setup_quiet_boot $fresh
  setup_quiet_end
}

# -- building ------------------------------------------------------------------

# As many compilers as there are cores, but no more than the memory holds: one
# that reads CAF's headers takes over a gigabyte.
setup_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1500000) }' /proc/meminfo)
  if [ "${memory:-$cores}" -lt "$cores" ]; then
    cores=$memory
  fi
  if [ "$cores" -lt 1 ]; then
    cores=1
  fi
  echo "$cores"
}

# Places in the code for debuggers and reports, without the names of variables:
# they would make building a quarter slower.
# shellcheck disable=SC2034 # for the scripts that read this file
setup_release=(-DCAF_POOL_UNITY=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo
  "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O2 -g1 -DNDEBUG")

# setup_span <seconds>: "50 s", "4 min".
setup_span() {
  if [ "$1" -lt 100 ]; then
    echo "$1 s"
  else
    echo "$((($1 + 30) / 60)) min"
  fi
}

# Reads what ninja prints and shows how far it is and about how long it still
# takes: on one line of a terminal, or after each tenth of the work. Everything
# else, which is what compilers complain of, passes as it is.
setup_progress() {
  local line made all passed tenth=0 bar='' state
  local step='^\[([0-9]+)/([0-9]+) ([0-9]+)[0-9.]*\] '
  if [ -t 2 ]; then
    bar=$'\r\e[K'
  fi
  while IFS= read -r line; do
    if ! [[ $line =~ $step ]]; then
      [[ $line == 'ninja: Entering directory'* ]] && continue
      printf '%s%s\n' "$bar" "$line" >&2
      continue
    fi
    made=${BASH_REMATCH[1]} all=${BASH_REMATCH[2]} passed=${BASH_REMATCH[3]}
    if [ -z "$bar" ] && [ $((made * 10 / all)) -eq "$tenth" ]; then
      continue
    fi
    tenth=$((made * 10 / all))
    state="$made of $all steps"
    if [ "$made" -lt "$all" ] && [ "$passed" -gt 0 ]; then
      state+=", about $(setup_span $((passed * (all - made) / made))) left"
    fi
    if [ -n "$bar" ]; then
      printf '%s    %s' "$bar" "$state" >&2
    else
      printf '    %s\n' "$state" >&2
    fi
  done
  [ -z "$bar" ] || printf '%s' "$bar" >&2
}

# setup_build <folder> <option>... -- <target>...: configures and builds. Two
# commands at a time that want the same folder take turns.
setup_build() {
  local folder=$1 options=() log
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  [ $# -eq 0 ] || shift
  mkdir -p "$folder"
  log=$folder/configure.log
  (
    flock 9
    cmake -S "$setup_top" -B "$folder" -G Ninja "${options[@]}" >"$log" 2>&1 \
      || { cat "$log" >&2; exit 1; }
    set -o pipefail
    NINJA_STATUS='[%f/%t %e] ' ninja -C "$folder" -j "$(setup_jobs)" "$@" \
      9>&- 2>&1 | setup_progress
  ) 9>"$folder.lock" || setup_fail "the build in $folder failed"
}
