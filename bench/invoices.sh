# The invoices of a month: 10,000 customers with 100 items each, killed on the way and gone on with. Sourced by run.sh.
# shellcheck shell=bash

INVOICE_CUSTOMERS=${INVOICE_CUSTOMERS:-10000}
# After how many seconds each run but the last is killed.
INVOICE_KILLS=${INVOICE_KILLS:-3 5 7}

# copy_sqlite FILE, copy_postgres URL: seconds for the same rows once more, with the same indexes.
copy_sqlite() {
  python3 - "$1" <<'PY'
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
made = db.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'invoice_items'").fetchone()[0]
db.execute(made.replace("invoice_items", "copied_items", 1))
for n, (sql,) in enumerate(db.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'invoice_items' AND sql IS NOT NULL").fetchall()):
    head, tail = sql.split(" ON ", 1)
    db.execute(f"CREATE INDEX copied_{n} ON " + tail.replace("invoice_items", "copied_items", 1))
db.execute("PRAGMA synchronous = FULL")
began = time.time()
db.execute("INSERT INTO copied_items SELECT * FROM invoice_items")
print(time.time() - began)
PY
}

copy_postgres() {
  psql "$1" -qAtX <<'SQL' | tail -1
CREATE TABLE copied_items (LIKE invoice_items INCLUDING ALL);
SELECT extract(epoch FROM clock_timestamp()) AS began \gset
INSERT INTO copied_items SELECT * FROM invoice_items;
SELECT extract(epoch FROM clock_timestamp()) - :began;
SQL
}

run_invoices() { # run_invoices ARM
  local arm=$1 data="$WORK/invoices.$1" began answer pid wait kills=0 seconds copy
  OURS_DB=
  if [ "$arm" = "ours-postgres" ]; then
    pg -c 'DROP DATABASE IF EXISTS cmp' -c 'CREATE DATABASE cmp'
    OURS_DB="$PG_URL/cmp"
  fi
  mkdir -p "$data"
  ours "$data" migrate >"$WORK/migrate.log" 2>&1 || { missing "$arm: migrate failed"; OURS_DB=; return; }
  ours "$data" bench-invoices --prepare "$INVOICE_CUSTOMERS" >"$WORK/prepare.json" 2>"$WORK/invoices.err" ||
    { tail -5 "$WORK/invoices.err" >&2; missing "$arm: bench-invoices --prepare failed"; OURS_DB=; return; }
  say "   prepared $arm: $(cat "$WORK/prepare.json")"
  began=$(date +%s%N)
  for wait in $INVOICE_KILLS; do
    (
      cd "$WORK" || exit 1
      unset DATABASE_URL
      [ -z "$OURS_DB" ] || export DATABASE_URL=$OURS_DB
      CMP_DATA_DIR=$data exec "$CMP_SERVER" bench-invoices
    ) >/dev/null 2>"$WORK/invoices.err" &
    pid=$!
    sleep "$wait"
    kill -9 "$pid" 2>/dev/null && kills=$((kills + 1))
    wait "$pid" 2>/dev/null
  done
  answer=$(ours "$data" bench-invoices 2>"$WORK/invoices.err")
  seconds=$(($(date +%s%N) - began))
  if [ "$arm" = "ours-postgres" ]; then copy=$(copy_postgres "$OURS_DB"); else copy=$(copy_sqlite "$data/cmp.db"); fi
  if ! json invoices <<<"$answer" >/dev/null; then
    tail -5 "$WORK/invoices.err" >&2
    missing "$arm: bench-invoices gave no figures"
  else
    python3 - "$answer" "$arm" "$seconds" "$INVOICE_CUSTOMERS" "$kills" "$copy" >>"$OUT/invoices/cells.jsonl" <<'PY'
import json, sys
cell = json.loads(sys.argv[1])
wanted = int(sys.argv[4])
assert cell["invoices"] == wanted and cell["items"] == 100 * wanted, cell
print(json.dumps({"arm": sys.argv[2], "seconds_with_kills": int(sys.argv[3]) / 1e9, "kills": int(sys.argv[5]),
    "copy_seconds": float(sys.argv[6]), **cell}))
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
