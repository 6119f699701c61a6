#!/usr/bin/env bash
# Measures the gateway, the ledger, the marketplace page, the catalogue and lists of orders beside peers and physical
# limits; writes bench/RESULTS.md.
#
#   bench/run.sh [gateway|ledger|page|catalog|lists|invoices|all]…      (all when nothing is named)
#   bench/run.sh report                          (writes the report again from bench/out)
#
# Settings by environment:
#   BENCH_SECONDS  of each cell (4)             BENCH_ROUNDS  interleaved, the median counts (3)
#   BENCH_CELLS    connections ("1 8 64 256")   BENCH_SUTS    ("direct nginx ours any-llm")
#   BENCH_LIMIT    seconds of a whole run (600), installing not counted: later rounds are left out when it is near
#   CMP_SERVER     the binary (dist/cmp-server, else the release build)
#
# Everything listens on 127.0.0.1. Core 0 runs what is measured, core 1 wrk and the mock upstream. Needs two cores, and
# nothing else running. Only processes started here are stopped, by their ids.
set -uo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(dirname "$HERE")
OUT=${BENCH_OUT:-$HERE/out}
RESULTS=${BENCH_RESULTS:-$HERE/RESULTS.md}
CACHE=${CMP_BENCH_CACHE:-$HOME/.cache/cmp/bench}
ANY_LLM_VERSION=1.8.0
BENCH_SECONDS=${BENCH_SECONDS:-4}
BENCH_ROUNDS=${BENCH_ROUNDS:-3}
BENCH_CELLS=${BENCH_CELLS:-1 8 64 256}
BENCH_SUTS=${BENCH_SUTS:-direct nginx ours any-llm}
BENCH_LIMIT=${BENCH_LIMIT:-600}
MISSING=()

. "$HERE/lib.sh"
. "$HERE/gateway.sh"
. "$HERE/ledger.sh"
. "$HERE/page.sh"
. "$HERE/catalog.sh"
. "$HERE/lists.sh"
. "$HERE/invoices.sh"

stages=()
for word in "${@:-all}"; do
  case $word in
    gateway | ledger | page | catalog | lists | invoices) stages+=("$word") ;;
    all) stages+=(gateway ledger page catalog lists invoices) ;;
    report) ;;
    *) sed -n '2,14s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done
[[ $BENCH_SECONDS =~ ^[1-9][0-9]*$ ]] || fail "BENCH_SECONDS is '$BENCH_SECONDS'; a whole number from 1 is wanted"
[[ $BENCH_ROUNDS =~ ^[1-9][0-9]*$ ]] || fail "BENCH_ROUNDS is '$BENCH_ROUNDS'; a whole number from 1 is wanted"

mkdir -p "$OUT" "$CACHE"
WORK=
finish() {
  local code=$?
  trap - EXIT INT TERM
  stop_all
  case $WORK in /*/cmp-bench.*) rm -rf "$WORK" ;; esac
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if ((${#stages[@]})); then
  need_base
  [ "$(nproc)" -ge 2 ] || fail "two cores are needed: one for what is measured, one for what measures"
  # Not under $HOME: PostgreSQL runs as another user. Not in memory: what must be durable must touch the disk.
  WORK=$(mktemp -d "${BENCH_TMP:-/var/tmp}/cmp-bench.XXXXXX")
  chmod 755 "$WORK"
  case $(stat -f -c %T "$WORK") in tmpfs | ramfs) fail "$WORK is in memory; set BENCH_TMP to a folder on a disk" ;; esac
  find_server || CMP_SERVER=
  for STAGE in "${stages[@]}"; do
    rm -rf "${OUT:?}/$STAGE"
    mkdir -p "$OUT/$STAGE"
  done
  # Installing is not part of the measured time.
  case " ${stages[*]} " in *" gateway "* | *" ledger "* | *" lists "* | *" invoices "*) find_postgres ;; esac
  case " ${stages[*]} $BENCH_SUTS " in *" gateway "*" any-llm "*) find_any_llm || true ;; esac
  SECONDS=0
  # What the later stages need of the limit, so that no earlier one eats it.
  reserve_page=0 reserve=0
  case " ${stages[*]} " in *" page "*) reserve_page=$((2 * BENCH_ROUNDS * (BENCH_SECONDS + 1) + 10)) ;; esac
  reserve=$reserve_page
  case " ${stages[*]} " in *" ledger "*) reserve=$((reserve_page + 5 * BENCH_ROUNDS * (BENCH_SECONDS + 2) + 10)) ;; esac
  for STAGE in "${stages[@]}"; do
    say "== $STAGE"
    python3 "$HERE/facts.py" machine "$WORK" "$CMP_SERVER" >"$OUT/$STAGE/facts.json"
    [ -n "$CMP_SERVER" ] || missing "no cmp-server: build it first (make build)"
    "stage_$STAGE"
    stop_all
    python3 "$HERE/facts.py" after "$OUT/$STAGE/facts.json" "$BENCH_SECONDS" "$BENCH_ROUNDS"
  done
  say "measured in $SECONDS s"
fi
python3 "$HERE/report.py" "$OUT" >"$RESULTS.new" && mv "$RESULTS.new" "$RESULTS" || fail "the report could not be written"
say "wrote $RESULTS"
if ((${#MISSING[@]})); then
  printf 'bench: not everything was measured:\n' >&2
  printf '  %s\n' "${MISSING[@]}" >&2
  exit 1
fi
