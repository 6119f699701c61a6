# What every stage uses: installing, starting, stopping, waiting. Sourced by run.sh.
# shellcheck shell=bash

say() { printf '\033[1m%s\033[0m\n' "$*"; }
fail() { printf 'bench: %s\n' "$*" >&2; exit 1; }
# A thing that could not be measured; the run goes on and ends with exit code 1.
missing() { printf 'bench: %s\n' "$*" >&2; MISSING+=("$*"); printf '%s\n' "$*" >>"$OUT/$STAGE/missing.txt"; }

# Something that a reader of the results should know, and that is nobody's fault.
remark() { printf 'bench: %s\n' "$*" >&2; printf '%s\n' "$*" >>"$OUT/$STAGE/missing.txt"; }

# --- installing ---------------------------------------------------------------------------------------------------

have() { command -v "$1" >/dev/null 2>&1; }

need_packages() { # need_packages COMMAND:PACKAGE…
  local wanted=() pair
  for pair in "$@"; do have "${pair%%:*}" || wanted+=("${pair##*:}"); done
  ((${#wanted[@]})) || return 0
  have apt-get || fail "missing: ${wanted[*]}; install them and run again"
  local sudo=()
  [ "$(id -u)" = 0 ] || sudo=(sudo)
  say "Installing ${wanted[*]}"
  "${sudo[@]}" apt-get -qq update
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get -qq install -y --no-install-recommends "${wanted[@]}" >/dev/null
}

need_base() {
  export PATH="$PATH:/usr/sbin"
  have python3 || fail "python3 is missing"
  need_packages taskset:util-linux nginx:nginx-light wrk:wrk
}

find_postgres() { # sets PGBIN
  PGBIN=$(find /usr/lib/postgresql -maxdepth 2 -name bin -type d 2>/dev/null | sort -V | tail -1)
  if [ -z "$PGBIN" ]; then
    need_packages postgres-is-not-on-the-path:postgresql
    PGBIN=$(find /usr/lib/postgresql -maxdepth 2 -name bin -type d 2>/dev/null | sort -V | tail -1)
  fi
  [ -n "$PGBIN" ] || fail "PostgreSQL is missing: no /usr/lib/postgresql/*/bin"
}

find_any_llm() { # sets ANY_LLM, or returns 1
  local venv="$CACHE/any-llm-$ANY_LLM_VERSION"
  ANY_LLM="$venv/bin/any-llm-gateway"
  [ -x "$ANY_LLM" ] && [ -e "$venv/complete" ] && return 0
  say "Installing any-llm-gateway $ANY_LLM_VERSION into $venv"
  python3 -m venv "$venv" &&
    "$venv/bin/pip" install --quiet --disable-pip-version-check "any-llm-sdk[gateway,openai]==$ANY_LLM_VERSION" psycopg2-binary &&
    [ -x "$ANY_LLM" ] && touch "$venv/complete"
}

find_server() { # sets CMP_SERVER, or returns 1
  local at
  if [ -n "${CMP_SERVER:-}" ]; then
    [ -x "$CMP_SERVER" ] || fail "CMP_SERVER is $CMP_SERVER, which cannot be run"
    CMP_SERVER=$(realpath "$CMP_SERVER")
    return 0
  fi
  for at in "$REPO/dist/cmp-server" "${CARGO_TARGET_DIR:-$HOME/.cache/cmp/target}/release/cmp-server"; do
    [ -x "$at" ] && CMP_SERVER=$at && return 0
  done
  return 1
}

# --- processes ----------------------------------------------------------------------------------------------------

PIDS=()

# start NAME CORES COMMAND…: runs it in the background on these cores; its id is in LAST, its output in $WORK/NAME.log.
start() {
  local name=$1 on=$2
  shift 2
  taskset -c "$on" "$@" >"$WORK/$name.log" 2>&1 </dev/null &
  LAST=$!
  PIDS+=("$LAST")
}

# stop PID [SIGNAL [SECONDS]]: asks one process that we started to end, and insists after 15 s.
stop() {
  local pid=$1 signal=${2:-TERM} tries=$((${3:-15} * 10)) i
  kill -0 "$pid" 2>/dev/null || return 0
  kill -"$signal" "$pid" 2>/dev/null
  for ((i = 0; i < tries; i++)); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  if kill -0 "$pid" 2>/dev/null; then
    kill -KILL "$pid" 2>/dev/null
    [ "$tries" -lt 150 ] || printf 'bench: process %s had to be killed\n' "$pid" >&2
  fi
  wait "$pid" 2>/dev/null
  local kept=() p
  for p in "${PIDS[@]}"; do [ "$p" = "$pid" ] || kept+=("$p"); done
  PIDS=("${kept[@]}")
}

stop_all() { # the last started goes first, so that a database outlives its clients
  local i all=("${PIDS[@]}")
  for ((i = ${#all[@]} - 1; i >= 0; i--)); do
    case ${all[i]} in
      "${PG_PID:-}") stop "${all[i]}" INT ;;
      "${ANY_PID:-}") stop "${all[i]}" TERM 5 ;; # it waits for callers that are long gone
      *) stop "${all[i]}" ;;
    esac
  done
  PG_PID='' ANY_PID=''
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_http URL SECONDS PID NAME: until it answers with anything below 500.
wait_http() {
  local url=$1 seconds=$2 pid=$3 name=$4 end=$((SECONDS + $2))
  until python3 - "$url" <<'P' 2>/dev/null; do
import sys, urllib.request, urllib.error
try:
    urllib.request.urlopen(sys.argv[1], timeout=2)
except urllib.error.HTTPError as e:
    sys.exit(e.code >= 500)
P
    kill -0 "$pid" 2>/dev/null || { tail -20 "$WORK/$name.log" >&2; return 1; }
    ((SECONDS < end)) || { tail -20 "$WORK/$name.log" >&2; return 1; }
    sleep 0.2
  done
}

# json FIELD: one field of the last line of standard input that is a JSON object.
json() {
  python3 -c '
import json, sys
for line in reversed(sys.stdin.read().splitlines()):
    try:
        value = json.loads(line)
    except ValueError:
        continue
    if isinstance(value, dict) and sys.argv[1] in value:
        print(value[sys.argv[1]])
        break
else:
    sys.exit(1)' "$1"
}

# time_for SECONDS: is there so much left of the whole run's limit?
time_for() { ((SECONDS + $1 <= BENCH_LIMIT)); }

# --- a private PostgreSQL with the durability it has out of the box --------------------------------------------------

start_postgres() { # start_postgres CORES; sets PG_PORT, PG_PID, PG_URL
  find_postgres
  local data="$WORK/pg/data" as=()
  if [ "$(id -u)" = 0 ]; then
    id postgres >/dev/null 2>&1 || fail "PostgreSQL does not run as root, and there is no user postgres"
    as=(setpriv --reuid=postgres --regid=postgres --init-groups)
  fi
  if [ ! -d "$data" ]; then
    mkdir -p "$WORK/pg"
    [ "$(id -u)" = 0 ] && chown postgres: "$WORK/pg"
    (cd / && "${as[@]}" "$PGBIN/initdb" -D "$data" -A trust -U postgres --no-locale -E UTF8 >"$WORK/initdb.log" 2>&1) ||
      fail "initdb failed: $(tail -3 "$WORK/initdb.log")"
  fi
  PG_PORT=$(free_port)
  start postgres "$1" "${as[@]}" "$PGBIN/postgres" -D "$data" -p "$PG_PORT" -k "$WORK/pg" \
    -c listen_addresses=127.0.0.1 -c max_connections=200 -c fsync=on -c synchronous_commit=on -c full_page_writes=on
  PG_PID=$LAST
  PG_URL="postgres://postgres@127.0.0.1:$PG_PORT"
  local i
  for ((i = 0; i < 100; i++)); do
    "$PGBIN/pg_isready" -q -h 127.0.0.1 -p "$PG_PORT" && return 0
    kill -0 "$PG_PID" 2>/dev/null || break
    sleep 0.1
  done
  tail -20 "$WORK/postgres.log" >&2
  fail "PostgreSQL did not start"
}

pg() { PGOPTIONS=--client-min-messages=warning "$PGBIN/psql" -qXAt -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$PG_PORT" -U postgres "$@"; }

# --- ours -------------------------------------------------------------------------------------------------------------

# ours FOLDER COMMAND…: one command of cmp-server with a data folder of its own, on SQLite unless OURS_DB says otherwise.
ours() {
  local data=$1
  shift
  mkdir -p "$data"
  (
    cd "$WORK" || exit 1
    unset DATABASE_URL
    [ -z "${OURS_DB:-}" ] || export DATABASE_URL=$OURS_DB
    CMP_DATA_DIR=$data CMP_ALLOW_PRIVATE_UPSTREAMS=true "$CMP_SERVER" "$@"
  )
}

prepare_ours() { # prepare_ours FOLDER: a migrated database with the sample content
  ours "$1" migrate >"$WORK/migrate.log" 2>&1 && ours "$1" seed >"$WORK/seed.log" 2>&1 ||
    { cat "$WORK/migrate.log" "$WORK/seed.log" >&2; return 1; }
}

start_ours() { # start_ours FOLDER CORES; sets OURS_URL, OURS_PID
  OURS_PORT=$(free_port)
  OURS_URL="http://127.0.0.1:$OURS_PORT"
  start cmp-server "$2" env -u DATABASE_URL -C "$WORK" CMP_DATA_DIR="$1" CMP_ADDR="127.0.0.1:$OURS_PORT" \
    CMP_PUBLIC_URL="$OURS_URL" CMP_ALLOW_PRIVATE_UPSTREAMS=true "$CMP_SERVER" serve
  OURS_PID=$LAST
  wait_http "$OURS_URL/readyz" 30 "$OURS_PID" cmp-server
}
