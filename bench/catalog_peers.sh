#!/usr/bin/env bash
# The peers of the catalogue bench: Vendure's shop API on PostgreSQL, and a Next.js page. Sourced by run.sh, or by hand:
#
#   bench/catalog_peers.sh install [vendure|next]           (both when none is named)
#   bench/catalog_peers.sh seed vendure|next ROWS.jsonl     fills it and checks 20 answers; ends with 1 at a wrong one
#   bench/catalog_peers.sh start vendure|next PORT [CORE]   (core 0) prints its address, process ids and list of questions
#   bench/catalog_peers.sh stop [vendure|next]
#
# Settings by environment, by hand only:
#   CATALOG_WORK    where the rows, the lists and PostgreSQL's files are (/var/tmp/cmp-bench-catalog); not under a home,
#                   because PostgreSQL runs as another user
#   CATALOG_COUNT   filter sets in the lists (1000)
#
# ROWS.jsonl has one offering a line (catalog_rows.py makes some up). Everything listens on 127.0.0.1.
# shellcheck shell=bash

VENDURE_VERSION=3.7.3
NEXT_VERSION=16.4.6
# What Vendure leaves open is resolved as of this day: later releases of its dependencies do not install.
VENDURE_BEFORE=2026-09-15
NEXT_BEFORE=2026-11-20
CATALOG_COUNT=${CATALOG_COUNT:-1000}

# --- installing ---------------------------------------------------------------------------------------------------

# install_peer NAME FOLDER BEFORE: the packages that peers/NAME/package.json names. --ignore-scripts: what they need is in them.
install_peer() {
  local folder=$2
  mkdir -p "$folder"
  cp -r "$HERE/peers/$1/." "$folder/"
  cmp -s "$folder/package.json" "$folder/installed.json" && return 0
  say "Installing $1 into $folder"
  (cd "$folder" && nice -n 19 timeout 600 npm install --before="$3" --ignore-scripts --no-audit --no-fund --loglevel=error >install.log 2>&1) ||
    { tail -20 "$folder/install.log" >&2; return 1; }
  cp "$folder/package.json" "$folder/installed.json"
}

need_node() { have node && have npm || { printf 'bench: the peers of the catalogue need node and npm\n' >&2; return 1; }; }

find_vendure() { # sets VENDURE, or returns 1
  VENDURE="$CACHE/vendure-$VENDURE_VERSION"
  need_node && install_peer vendure "$VENDURE" "$VENDURE_BEFORE" && cp "$HERE/peers/facets.mjs" "$VENDURE/"
}

find_next() { # sets NEXT, or returns 1; builds it when its source has changed
  NEXT="$CACHE/next-$NEXT_VERSION"
  need_node && install_peer next "$NEXT" "$NEXT_BEFORE" && cp "$HERE/peers/facets.mjs" "$NEXT/lib/" || return 1
  local source
  source=$(cd "$HERE/peers" && find facets.mjs next -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
  [ "$source" = "$(cat "$NEXT/built" 2>/dev/null)" ] && return 0
  say "Building the Next.js page"
  (cd "$NEXT" && NEXT_TELEMETRY_DISABLED=1 nice -n 19 timeout 600 node node_modules/next/dist/bin/next build >build.log 2>&1) ||
    { tail -20 "$NEXT/build.log" >&2; return 1; }
  printf '%s\n' "$source" >"$NEXT/built"
}

# --- what they are asked ------------------------------------------------------------------------------------------

# catalog_lists ROWS: urls.txt, sets.jsonl and, once Vendure is seeded, vendure.jsonl in $WORK/lists.
catalog_lists() {
  local ids=()
  [ ! -e "$WORK/vendure-ids.json" ] || ids=(--vendure "$WORK/vendure-ids.json")
  python3 "$HERE/catalog_urls.py" "$WORK/lists" --rows "$1" --count "$CATALOG_COUNT" "${ids[@]}"
}

# --- Vendure ------------------------------------------------------------------------------------------------------

# seed_vendure ROWS: needs find_vendure and start_postgres. Any Vendure in this cluster is replaced.
seed_vendure() {
  pg -c 'DROP DATABASE IF EXISTS vendure' -c 'CREATE DATABASE vendure' || return 1
  # Both help Vendure. Words are split without a dictionary of English stems, so that they can be counted by hand as
  # well; and on one core, workers and compiled expressions cost more than they give.
  pg -c "ALTER DATABASE vendure SET default_text_search_config = 'simple'" \
    -c 'ALTER DATABASE vendure SET max_parallel_workers_per_gather = 0' -c 'ALTER DATABASE vendure SET jit = off' || return 1
  (cd "$VENDURE" && NODE_ENV=production PGPORT=$PG_PORT PORT=$(free_port) VENDURE_SYNCHRONIZE=1 \
    nice -n 19 timeout 900 node seed.mjs "$(realpath "$1")" "$WORK/vendure-ids.json" >"$WORK/seed-vendure.log" 2>&1) ||
    { tail -20 "$WORK/seed-vendure.log" >&2; return 1; }
  tail -1 "$WORK/seed-vendure.log"
}

start_vendure() { # start_vendure PORT CORES: needs a seeded cluster; sets VENDURE_URL, VENDURE_PID
  VENDURE_URL="http://127.0.0.1:$1"
  start vendure "$2" env -C "$VENDURE" NODE_ENV=production PGPORT="$PG_PORT" PORT="$1" node index.js
  VENDURE_PID=$LAST
  wait_http "$VENDURE_URL/shop-api?query=%7B__typename%7D" 60 "$VENDURE_PID" vendure
}

check_vendure() { # check_vendure ROWS
  python3 "$HERE/catalog_check.py" vendure "$VENDURE_URL" "$1" "$WORK/lists/sets.jsonl" "$WORK/vendure-ids.json"
}

# --- Next.js ------------------------------------------------------------------------------------------------------

start_next() { # start_next PORT CORES ROWS: needs find_next; sets NEXT_URL, NEXT_PID
  NEXT_URL="http://127.0.0.1:$1"
  # Not through npx: its process would stand between.
  start next "$2" env -C "$NEXT" NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 CATALOG_JSONL="$(realpath "$3")" \
    node node_modules/next/dist/bin/next start -H 127.0.0.1 -p "$1"
  NEXT_PID=$LAST
  # The first page reads the rows.
  wait_http "$NEXT_URL/marketplace/" 60 "$NEXT_PID" next
}

check_next() { # check_next ROWS
  python3 "$HERE/catalog_check.py" next "$NEXT_URL" "$1" "$WORK/lists/sets.jsonl"
}

# --- by hand ------------------------------------------------------------------------------------------------------

if [ "${BASH_SOURCE[0]}" != "$0" ]; then return 0; fi
set -uo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${CMP_BENCH_CACHE:-$HOME/.cache/cmp/bench}
WORK=${CATALOG_WORK:-/var/tmp/cmp-bench-catalog}
. "$HERE/lib.sh"

# keep NAME PID: for a later `stop`, with the time that it started, so that no other process of that number is stopped.
started_at() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
keep() { printf '%s %s\n' "$2" "$(started_at "$2")" >"$WORK/$1.pid"; }

stop_kept() { # stop_kept NAME [SIGNAL]
  local pid when
  [ -e "$WORK/$1.pid" ] || return 0
  read -r pid when <"$WORK/$1.pid"
  [ "$(started_at "$pid")" != "$when" ] || stop "$pid" "${2:-TERM}"
  rm -f "$WORK/$1.pid"
}

stop_peer() {
  stop_kept "$1"
  [ "$1" != vendure ] || stop_kept postgres INT
}

# Starts peer $1 on port $2 and core $3, with its database; what was started is stopped when something fails.
start_peer() {
  stop_peer "$1"
  trap 'stop_all' EXIT
  case $1 in
    vendure)
      [ -e "$WORK/vendure-ids.json" ] || fail "seed vendure first"
      start_postgres "$3"
      start_vendure "$2" "$3" || fail "Vendure did not start"
      ;;
    next)
      [ -e "$WORK/rows.jsonl" ] || fail "seed next first"
      start_next "$2" "$3" "$WORK/rows.jsonl" || fail "Next.js did not start"
      ;;
  esac
}

command=${1:-} peer=${2:-}
case $command:$peer in
  install: | install:vendure | install:next | seed:vendure | seed:next | start:vendure | start:next | stop: | stop:vendure | stop:next) ;;
  *) sed -n '2,14s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
mkdir -p "$WORK" && chmod 755 "$WORK"
case $command in
  install)
    [ "$peer" = next ] || find_vendure || fail "Vendure could not be installed"
    [ "$peer" = vendure ] || find_next || fail "Next.js could not be installed"
    ;;
  seed)
    [ -r "${3:-}" ] || fail "seed $peer needs a file of rows"
    "find_$peer" || fail "$peer could not be installed"
    stop_peer "$peer"
    cmp -s "$3" "$WORK/rows.jsonl" || cp "$3" "$WORK/rows.jsonl"
    if [ "$peer" = vendure ]; then
      trap 'stop_all' EXIT
      start_postgres 0
      seed_vendure "$WORK/rows.jsonl" || fail "Vendure could not be seeded"
      stop "$PG_PID" INT
    fi
    catalog_lists "$WORK/rows.jsonl" || fail "no lists"
    start_peer "$peer" "$(free_port)" 0
    "check_$peer" "$WORK/rows.jsonl" || fail "$peer answers wrongly"
    ;;
  start)
    [[ ${3:-} =~ ^[0-9]+$ ]] || fail "start $peer needs a port"
    "find_$peer" || fail "$peer could not be installed"
    start_peer "$peer" "$3" "${4:-0}"
    trap - EXIT
    if [ "$peer" = vendure ]; then
      keep vendure "$VENDURE_PID"
      keep postgres "$PG_PID"
      echo "url=$VENDURE_URL/shop-api pids=$VENDURE_PID db_pids=$PG_PID list=$WORK/lists/vendure.jsonl"
    else
      keep next "$NEXT_PID"
      echo "url=$NEXT_URL/marketplace/ pids=$NEXT_PID list=$WORK/lists/urls.txt"
    fi
    ;;
  stop)
    [ "$peer" = next ] || stop_peer vendure
    [ "$peer" = vendure ] || stop_peer next
    ;;
esac
