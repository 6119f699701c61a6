# The catalogue: filters, counts and pages over 1,000 to 100,000 offerings, beside Vendure's search and a Next.js page.
# Sourced by run.sh.
# shellcheck shell=bash

# The first one gives the rows that the list of questions is made for.
CATALOG_SIZES=${CATALOG_SIZES:-10000 1000 100000}
# Pages are rendered for every request unless it says kept: with the page cache on, a list of 1,000 addresses would be
# rendered once and then only be copied.
CATALOG_ENV=(CMP_PAGE_CACHE=0 CMP_PROBE_EVERY_S=0)

start_catalog() { # start_catalog FOLDER [SETTING=VALUE…]; sets OURS_URL, OURS_PID
  local data=$1
  shift
  OURS_PORT=$(free_port)
  OURS_URL="http://127.0.0.1:$OURS_PORT"
  start cmp-server 0 env -u DATABASE_URL -C "$WORK" CMP_DATA_DIR="$data" CMP_ADDR="127.0.0.1:$OURS_PORT" \
    CMP_PUBLIC_URL="$OURS_URL" CMP_WORKERS=1 "$@" "$CMP_SERVER" serve
  OURS_PID=$LAST
  wait_http "$OURS_URL/readyz" 120 "$OURS_PID" cmp-server
}

catalog_cell() { # catalog_cell SUT KIND URL LIST ROUND SECONDS CONNECTIONS
  BENCH_METHOD=GET BENCH_HEADERS= BENCH_LIST=$4 python3 "$HERE/cell.py" --script get_list.lua --out "$OUT/catalog/cells.jsonl" \
    --sut "$1" --kind "$2" --url "$3" --expect '<html' --c "$7" --round "$5" --seconds "$6" --pids "$OURS_PID" --disk "$WORK" ||
    missing "catalog $1 $2 round $5 failed"
}

stage_catalog() {
  local n data round rows="$WORK/rows-10000.jsonl" rate
  [ -n "$CMP_SERVER" ] || return
  . "$HERE/catalog_peers.sh"
  for n in $CATALOG_SIZES; do
    data="$WORK/catalog-$n"
    say "-- $n offerings"
    ours "$data" migrate >"$WORK/migrate.log" 2>&1 && ours "$data" bench-catalog --offerings "$n" >"$WORK/fill.log" 2>&1 ||
      { cat "$WORK/fill.log" >&2; missing "a catalogue of $n could not be made"; continue; }
    start_catalog "$data" "${CATALOG_ENV[@]}" || { missing "cmp-server with $n offerings did not start"; continue; }
    if [ "$n" = 10000 ]; then
      python3 "$HERE/catalog.py" export "$OURS_URL" "$rows" >/dev/null || { missing "the rows could not be exported"; return; }
      catalog_lists "$rows" >/dev/null
    fi
    # One list for all sizes: what is asked for must not depend on how much there is.
    [ -s "$WORK/lists/urls.txt" ] || python3 "$HERE/catalog_urls.py" "$WORK/lists" --count "${CATALOG_COUNT:-1000}" >/dev/null
    for ((round = 0; round <= BENCH_ROUNDS; round++)); do
      catalog_cell "ours-$n" facets "$OURS_URL" "$WORK/lists/urls.txt" "$round" "$((round ? BENCH_SECONDS : 2))" 8
    done
    echo "{\"offerings\": $n, \"rss\": $(python3 "$HERE/facts.py" rss "$OURS_PID")}" >>"$OUT/catalog/memory.jsonl"
    rate=$(python3 - "$OUT/catalog/cells.jsonl" "ours-$n" <<'P'
import json, statistics, sys
rates = [r["rps"] for r in map(json.loads, open(sys.argv[1])) if r["sut"] == sys.argv[2] and r["round"]]
print(round(statistics.median(rates) / 2) if rates else 100)
P
    )
    taskset -c 1 python3 "$HERE/paced.py" "$OURS_URL" "$WORK/lists/urls.txt" "$rate" "$((BENCH_SECONDS * 3))" |
      python3 -c "import json,sys; print(json.dumps({'offerings': $n, **json.load(sys.stdin)}))" >>"$OUT/catalog/paced.jsonl"
    stop "$OURS_PID"
    ours "$data" bench-search --queries "$WORK/lists/urls.txt" >>"$OUT/catalog/search.jsonl" 2>"$WORK/search.log" ||
      { tail -5 "$WORK/search.log" >&2; missing "bench-search with $n offerings failed"; }
  done
  say "-- kept pages and sizes"
  start_catalog "$WORK/catalog-10000" CMP_PROBE_EVERY_S=0 || { missing "cmp-server did not start"; return; }
  for ((round = 0; round <= 1; round++)); do
    catalog_cell ours-kept facets "$OURS_URL" "$WORK/lists/urls.txt" "$round" "$BENCH_SECONDS" 8
  done
  python3 "$HERE/catalog.py" sizes "$OURS_URL" >"$OUT/catalog/sizes.json" || missing "the sizes of the site could not be read"
  stop "$OURS_PID"
  catalog_next "$rows"
  catalog_vendure "$rows"
}

catalog_next() { # catalog_next ROWS
  local round
  say "-- Next.js with the same rows"
  find_next || { missing "Next.js could not be installed"; return; }
  start_next "$(free_port)" 0 "$1" || { missing "Next.js did not start"; return; }
  check_next "$1" >"$WORK/check-next.log" 2>&1 || { tail -3 "$WORK/check-next.log" >&2; remark "Next.js: $(tail -1 "$WORK/check-next.log")"; }
  OURS_PID=$NEXT_PID
  for ((round = 0; round <= BENCH_ROUNDS; round++)); do
    catalog_cell next facets "$NEXT_URL/marketplace/" "$WORK/lists/urls.txt" "$round" "$((round ? BENCH_SECONDS : 2))" 8
  done
  stop "$NEXT_PID"
}

catalog_vendure() { # catalog_vendure ROWS
  say "-- Vendure with the same rows"
  find_vendure || { missing "Vendure could not be installed"; return; }
  start_postgres 0
  seed_vendure "$1" >"$WORK/seed-vendure.log" 2>&1 || { tail -5 "$WORK/seed-vendure.log" >&2; missing "Vendure could not be filled"; return; }
  catalog_lists "$1" >/dev/null
  start_vendure "$(free_port)" 0 || { missing "Vendure did not start"; return; }
  # Ten answers a second: one long round says more than three short ones.
  BENCH_METHOD=POST BENCH_HEADERS='Content-Type: application/json' BENCH_BODY="$(head -1 "$WORK/lists/vendure.jsonl")" \
    BENCH_LIST="$WORK/lists/vendure.jsonl" python3 "$HERE/cell.py" --script post_list.lua --out "$OUT/catalog/cells.jsonl" --sut vendure \
    --kind facets --url "$VENDURE_URL/shop-api" --expect totalItems --c 8 --round 1 --seconds 30 --pids "$VENDURE_PID" \
    --db-pids "$PG_PID" --disk "$WORK" || missing "catalog vendure failed"
}
