# The invoices of a month: 10,000 customers with 100 items each, killed on the way and gone on with. Sourced by run.sh.
# shellcheck shell=bash

INVOICE_CUSTOMERS=${INVOICE_CUSTOMERS:-10000}

run_invoices() { # run_invoices ARM
  local arm=$1 data="$WORK/invoices.$1" began answer pid
  OURS_DB=
  if [ "$arm" = "ours-postgres" ]; then
    pg -c 'DROP DATABASE IF EXISTS cmp' -c 'CREATE DATABASE cmp'
    OURS_DB="$PG_URL/cmp"
  fi
  mkdir -p "$data"
  ours "$data" migrate >"$WORK/migrate.log" 2>&1 || { missing "$arm: migrate failed"; OURS_DB=; return; }
  ours "$data" bench-invoices --prepare "$INVOICE_CUSTOMERS" >"$WORK/prepare.json" 2>"$WORK/invoices.err" ||
    { tail -5 "$WORK/invoices.err" >&2; missing "$arm: bench-invoices --prepare failed"; OURS_DB=; return; }
  began=$(date +%s%N)
  # Killed in the middle; the time of both parts counts.
  (
    cd "$WORK" || exit 1
    unset DATABASE_URL
    [ -z "$OURS_DB" ] || export DATABASE_URL=$OURS_DB
    CMP_DATA_DIR=$data exec "$CMP_SERVER" bench-invoices
  ) >/dev/null 2>"$WORK/invoices.err" &
  pid=$!
  sleep 3
  kill -9 "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  answer=$(ours "$data" bench-invoices 2>"$WORK/invoices.err")
  if ! json invoices <<<"$answer" >/dev/null; then
    tail -5 "$WORK/invoices.err" >&2
    missing "$arm: bench-invoices gave no figures"
  else
    python3 - "$answer" "$arm" $(($(date +%s%N) - began)) "$INVOICE_CUSTOMERS" >>"$OUT/invoices/cells.jsonl" <<'PY'
import json, sys
cell = json.loads(sys.argv[1])
wanted = int(sys.argv[4])
assert cell["invoices"] == wanted and cell["items"] == 100 * wanted, cell
print(json.dumps({"arm": sys.argv[2], "seconds_with_kill": int(sys.argv[3]) / 1e9, **cell}))
PY
  fi
  OURS_DB=
  rm -rf "$data"
}

stage_invoices() {
  start_postgres 0,1
  [ -n "$CMP_SERVER" ] || return
  run_invoices ours-sqlite
  run_invoices ours-postgres
}
