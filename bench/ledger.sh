# The ledger beside pgbench: durable transfers a second, 90 % of them on one account. Sourced by run.sh.
# shellcheck shell=bash

note_ledger() { # note_ledger ARM ROUND CORES JSON
  python3 "$HERE/facts.py" note "$OUT/ledger/cells.jsonl" "$1" "$2" "$3" "$4"
}

run_pgbench() { # run_pgbench ARM ROUND SCRIPT: 32 clients, nothing pinned, prepared statements (its fastest way)
  local prefix="$WORK/pgbench.$1.$2" code
  pg -d ledger -f "$HERE/transfer_schema.sql" >/dev/null
  python3 "$HERE/facts.py" around "$WORK" -- "$PGBIN/pgbench" -n -M prepared -c 32 -j 1 -T "$BENCH_SECONDS" --max-tries=10 \
    -f "$3" -l --log-prefix="$prefix" -h 127.0.0.1 -p "$PG_PORT" -U postgres ledger >"$WORK/pgbench.out" 2>"$WORK/pgbench.err"
  code=$?
  [ "$code" = 0 ] || { cat "$WORK/pgbench.err" >&2; missing "pgbench $1 failed"; return; }
  local books
  books=$(pg -d ledger -c "SELECT (SELECT sum(balance) FROM accounts) || ' ' || (SELECT count(*) FROM transfers)")
  note_ledger "$1" "$2" both "$(python3 "$HERE/facts.py" pgbench "$WORK/pgbench.out" "$books" "$prefix".*)"
  rm -f "$prefix".*
}

run_ours_ledger() { # run_ours_ledger ARM ROUND CORES
  local arm=$1 round=$2 on=$3 data="$WORK/ledger.$1.$2" answer mask=0,1
  [ "$on" = one ] && mask=0
  OURS_DB=
  if [ "$arm" = "ours-postgres" ]; then
    pg -c 'DROP DATABASE IF EXISTS cmp' -c 'CREATE DATABASE cmp'
    OURS_DB="$PG_URL/cmp"
  fi
  mkdir -p "$data"
  ours "$data" migrate >"$WORK/migrate.log" 2>&1 || { cat "$WORK/migrate.log" >&2; missing "$arm: migrate failed"; return; }
  answer=$(ours_on "$mask" "$data" bench-ledger --seconds "$BENCH_SECONDS" --clients 512 2>"$WORK/ledger.err")
  if ! json transfers_per_s <<<"$answer" >/dev/null; then
    tail -20 "$WORK/ledger.err" >&2
    missing "$arm ($on): bench-ledger gave no figures"
    OURS_DB=
    return
  fi
  note_ledger "$arm" "$round" "$on" "$answer"
  ours "$data" proof >"$OUT/ledger/proof.$arm.$on.$round.txt" 2>&1 || missing "$arm ($on): cmp-server proof fails after the run"
  OURS_DB=
  rm -rf "$data"
}

ours_on() { # ours_on CORES FOLDER COMMAND…: like ours, pinned, with the disk's flushes counted around it
  local mask=$1 data=$2
  shift 2
  (
    cd "$WORK" || exit 1
    unset DATABASE_URL
    [ -z "${OURS_DB:-}" ] || export DATABASE_URL=$OURS_DB
    export CMP_DATA_DIR=$data
    timeout $((BENCH_SECONDS + 60)) python3 "$HERE/facts.py" around "$WORK" -- taskset -c "$mask" "$CMP_SERVER" "$@"
  )
}

stage_ledger() {
  local round
  python3 "$HERE/facts.py" fdatasync "$WORK" >"$OUT/ledger/disk.json"
  start_postgres 0,1
  pg -c 'CREATE DATABASE ledger'
  for ((round = 1; round <= BENCH_ROUNDS; round++)); do
    if ((round > 1)) && ! time_for $((5 * (BENCH_SECONDS + 3) + reserve_page)); then
      remark "round $round of the ledger was left out: the limit of $BENCH_LIMIT s was near"
      break
    fi
    run_pgbench pgbench-textbook "$round" "$HERE/transfer_textbook.sql"
    run_pgbench pgbench-one "$round" "$HERE/transfer_one.sql"
    [ -n "$CMP_SERVER" ] || continue
    run_ours_ledger ours-sqlite "$round" both
    run_ours_ledger ours-sqlite "$round" one
    run_ours_ledger ours-postgres "$round" both
  done
}
